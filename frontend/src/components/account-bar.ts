// <account-bar>: equity, profit and cash of the chosen portfolio.
import { pageConfig } from '../lib/config.ts';
import { theDesk } from '../lib/desk.ts';
import { el, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import type { Portfolio, Totals } from '../lib/types.ts';

export class AccountBar extends HTMLElement {
  private desk = theDesk();
  private picker = el('select', { 'aria-label': _('Portfolio'), class: 'portfolio-picker' });
  private lists = new Map<string, HTMLElement>();
  private shown = '';
  private cells = new Map<string, HTMLElement>();

  connectedCallback(): void {
    this.append(this.picker);
    this.picker.addEventListener('change', () => {
      void this.desk.choosePortfolio(this.picker.value);
    });
    this.desk.portfolios.watch((list) => this.list(list));
    this.desk.portfolio.watch((portfolio) => this.show(portfolio));
  }

  private list(portfolios: Portfolio[] | null): void {
    this.hidden = portfolios !== null && portfolios.length === 0;
    this.picker.replaceChildren(
      ...(portfolios ?? []).map((one) => el('option', { value: one.id }, one.name)),
    );
    this.picker.value = this.desk.portfolio.value?.id ?? portfolios?.[0]?.id ?? '';
  }

  private show(portfolio: Portfolio | null): void {
    if (!portfolio) return;
    if (portfolio.id !== this.shown) this.clear(portfolio.id);
    this.picker.value = portfolio.id;
    const base = portfolio.base_currency;
    const others = Object.keys(portfolio.cash).filter((currency) => currency !== base);
    const first = pageConfig().currency;
    const order = [base, ...others].sort((one, other) => Number(other === first) - Number(one === first));
    for (const currency of order) {
      const totals = portfolio.by_currency?.[currency] ?? (currency === base ? portfolio : null);
      if (totals) this.totals(currency, totals);
      const cash = portfolio.cash[currency];
      this.figure(currency, 'cash', _('Available cash'), format.money(cash?.available, currency));
    }
  }

  private clear(next: string): void {
    this.shown = next;
    for (const list of this.lists.values()) list.remove();
    this.lists.clear();
    this.cells.clear();
  }

  private totals(currency: string, totals: Totals): void {
    this.figure(currency, 'equity', _('Equity'), format.money(totals.equity, currency));
    this.profit(currency, 'open', _('Open profit'), totals.unrealized_pnl);
    this.profit(currency, 'booked', _('Booked profit'), totals.realized_pnl);
  }

  private profit(currency: string, key: string, name: string, amount: string | null): void {
    const cell = this.figure(currency, key, name, format.signedMoney(amount, currency));
    cell.className = `num ${format.direction(amount)}`;
  }

  /** One list of figures per currency: they are never added together. */
  private listOf(currency: string): HTMLElement {
    let list = this.lists.get(currency);
    if (!list) {
      list = el('dl', { class: 'account-figures', 'aria-label': currency });
      this.lists.set(currency, list);
      this.append(list);
    }
    return list;
  }

  private figure(currency: string, key: string, name: string, text: string): HTMLElement {
    const id = `${currency}-${key}`;
    let cell = this.cells.get(id);
    if (!cell) {
      cell = el('dd', { class: 'num' });
      this.cells.set(id, cell);
      this.listOf(currency).append(el('div', { 'data-figure': key }, el('dt', {}, name), cell));
    }
    setText(cell, text);
    return cell;
  }
}

customElements.define('account-bar', AccountBar);
