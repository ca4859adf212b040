// <positions-table>: what the portfolio holds, revalued at each quote.
import { Decimal } from '../lib/decimal.ts';
import { theDesk } from '../lib/desk.ts';
import { el, flash, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { showAge, staleNote } from '../lib/stale-note.ts';
import type { Position, Quote } from '../lib/types.ts';

interface Row {
  position: Position;
  row: HTMLTableRowElement;
  price: HTMLElement;
  value: HTMLElement;
  profit: HTMLElement;
  note: HTMLElement;
}

export class PositionsTable extends HTMLElement {
  private desk = theDesk();
  private body = el('tbody');
  private empty = el('p', { class: 'empty', hidden: true });
  private wrap = el('div', { class: 'table-wrap', tabindex: '0', role: 'region' });
  private rows = new Map<string, Row>();

  connectedCallback(): void {
    this.wrap.setAttribute('aria-label', _('Positions'));
    setText(this.empty, _('No positions yet. Your first fill will appear here.'));
    const heads = [
      _('Symbol'),
      _('Quantity'),
      _('Average cost'),
      _('Price'),
      _('Value'),
      _('Profit'),
      _('Weight'),
    ];
    const wide = new Set([_('Average cost'), _('Value'), _('Weight')]);
    const head = el(
      'tr',
      {},
      ...heads.map((name) => el('th', { scope: 'col', class: wide.has(name) && 'wide' }, name)),
    );
    this.wrap.append(el('table', { class: 'grid' }, el('thead', {}, head), this.body));
    this.append(this.wrap, this.empty);
    this.desk.positions.watch((positions) => this.show(positions));
    this.desk.instruments.watch(() => this.show(this.desk.positions.value));
    this.desk.onQuote((quote) => this.quoted(quote));
    this.desk.stale.watch(() => this.age());
  }

  private show(positions: Position[] | null): void {
    if (!positions) return;
    const held = positions.filter((one) => !Decimal.of(one.quantity).isZero);
    this.rows.clear();
    this.body.replaceChildren(...held.map((one) => this.row(one)));
    this.wrap.hidden = !held.length;
    this.empty.hidden = held.length > 0;
    for (const one of held) {
      const quote = this.desk.quote(one.symbol);
      if (quote) this.quoted(quote, false);
    }
    this.age();
  }

  private age(): void {
    for (const [symbol, { row, note }] of this.rows) showAge(row, note, this.desk.stale.value.get(symbol));
  }

  private row(one: Position): HTMLTableRowElement {
    const price = el('span', {}, format.price(one.market_price, one.currency));
    const note = staleNote();
    const value = el('td', { class: 'num wide' }, format.money(one.market_value, one.currency));
    const profit = el('td', { class: 'num' });
    const name = this.desk.instrument(one.symbol)?.name ?? '';
    const byName = one.currency === 'KRW' && name;
    const choose = el('button', { type: 'button', class: 'link' }, byName || one.symbol);
    choose.addEventListener('click', () => void this.desk.select(one.symbol));
    const row = el(
      'tr',
      { 'data-symbol': one.symbol },
      el(
        'th',
        { scope: 'row' },
        choose,
        el('span', { class: 'muted' }, byName ? one.symbol : name),
        one.delisted_date &&
          el('span', { class: 'muted' }, _('Not traded since {date}; last price', { date: one.delisted_date })),
      ),
      el('td', { class: 'num' }, format.quantity(one.quantity)),
      el('td', { class: 'num wide' }, format.price(one.average_cost, one.currency)),
      el('td', { class: 'num' }, price, note),
      value,
      profit,
      el('td', { class: 'num wide' }, format.percent(one.weight, false)),
    );
    this.rows.set(one.symbol, { position: one, row, price, value, profit, note });
    this.profitOf(profit, one.unrealized_pnl, one.unrealized_return, one.currency);
    return row;
  }

  private profitOf(
    cell: HTMLElement,
    amount: string | null,
    fraction: number | null,
    currency: string,
  ): void {
    cell.className = `num ${format.direction(amount)}`;
    setText(cell, `${format.signedMoney(amount, currency)} (${format.percent(fraction)})`);
  }

  private quoted(quote: Quote, isNew = true): void {
    const row = this.rows.get(quote.symbol);
    if (!row) return;
    const { position } = row;
    const value = Decimal.of(quote.price).times(Decimal.of(position.quantity));
    const profit = value.minus(Decimal.of(position.cost_basis));
    const cost = Number(position.cost_basis);
    const text = format.price(quote.price, position.currency);
    if (isNew && text !== row.price.textContent) {
      flash(row.price, format.direction(profit.toNumber() - Number(row.row.dataset['profit'] ?? 0)));
    }
    row.row.dataset['profit'] = profit.toString();
    setText(row.price, text);
    setText(row.value, format.money(value, position.currency));
    const fraction = cost ? profit.toNumber() / Math.abs(cost) : null;
    this.profitOf(row.profit, profit.toString(), fraction, position.currency);
  }
}

customElements.define('positions-table', PositionsTable);
