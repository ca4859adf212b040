// <orders-table>: open orders with cancel, or (attribute `history`) the finished ones.
import * as api from '../lib/api.ts';
import { isOpen, theDesk } from '../lib/desk.ts';
import { announce, el, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { sideText, statusText, typeText } from '../lib/words.ts';
import type { Order } from '../lib/types.ts';

export class OrdersTable extends HTMLElement {
  private desk = theDesk();
  private isHistory = false;
  private body = el('tbody');
  private empty = el('p', { class: 'empty', hidden: true });
  private wrap = el('div', { class: 'table-wrap', tabindex: '0', role: 'region' });

  connectedCallback(): void {
    this.isHistory = this.hasAttribute('history');
    this.wrap.setAttribute('aria-label', this.isHistory ? _('Order history') : _('Open orders'));
    setText(this.empty, this.isHistory ? _('No finished orders yet.') : _('No open orders.'));
    const heads = [
      _('Time'),
      _('Symbol'),
      _('Side'),
      _('Type'),
      _('Quantity'),
      _('Filled'),
      _('Price'),
      _('Status'),
      ...(this.isHistory ? [] : [_('Cancel')]),
    ];
    const words = new Set([_('Symbol'), _('Side'), _('Type')]);
    const head = el(
      'tr',
      {},
      ...heads.map((name) => el('th', { scope: 'col', class: words.has(name) && 'text' }, name)),
    );
    this.wrap.append(el('table', { class: 'grid' }, el('thead', {}, head), this.body));
    this.append(this.wrap, this.empty);
    this.desk.orders.watch((orders) => this.show(orders));
  }

  private show(orders: Order[] | null): void {
    if (!orders) return;
    const shown = orders.filter((one) => isOpen(one) !== this.isHistory);
    this.body.replaceChildren(...shown.map((one) => this.row(one)));
    this.wrap.hidden = !shown.length;
    this.empty.hidden = shown.length > 0;
    const count = document.querySelector(`[data-count="${this.id}"]`);
    if (count) setText(count, shown.length && !this.isHistory ? String(shown.length) : '');
  }

  private row(one: Order): HTMLTableRowElement {
    const currency = one.currency ?? this.desk.currencyOf(one.symbol);
    const price = one.average_fill_price ?? one.limit_price;
    const choose = el('button', { type: 'button', class: 'link' }, one.symbol);
    choose.addEventListener('click', () => void this.desk.select(one.symbol));
    const status = el(
      'span',
      { class: `status status-${one.status.toLowerCase().replaceAll('_', '-')}` },
      statusText(one.status),
    );
    if (one.status_reason) status.title = one.status_reason;
    return el(
      'tr',
      { 'data-order': one.id, 'data-status': one.status },
      el('td', { class: 'num muted' }, format.dateTime(one.submitted_at)),
      el('th', { scope: 'row' }, choose),
      el('td', { class: `text ${one.side === 'BUY' ? 'up' : 'down'}` }, sideText(one.side)),
      el('td', { class: 'text' }, typeText(one.order_type)),
      el('td', { class: 'num' }, format.quantity(one.quantity)),
      el('td', { class: 'num' }, format.quantity(one.filled_quantity)),
      el('td', { class: 'num' }, price ? format.price(price, currency) : _('Market')),
      el('td', {}, status),
      this.isHistory ? null : el('td', {}, this.cancelButton(one)),
    );
  }

  private cancelButton(one: Order): HTMLElement {
    const name = _('Cancel the order for {symbol}', { symbol: one.symbol });
    const button = el(
      'button',
      { type: 'button', class: 'button small', 'aria-label': name },
      _('Cancel'),
    );
    button.disabled = one.status === 'PENDING_CANCEL';
    button.addEventListener('click', () => void this.cancel(one, button));
    return button;
  }

  private async cancel(one: Order, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      const id = this.desk.portfolio.value?.id ?? '';
      await api.call('DELETE', `/api/portfolio/portfolios/${id}/orders/${one.id}`);
      announce(_('Cancel requested.'));
      this.desk.refreshSoon();
    } catch (error) {
      button.disabled = false;
      announce(api.explained(error), 'bad');
    }
  }
}

customElements.define('orders-table', OrdersTable);
