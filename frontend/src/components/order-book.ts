// <order-book>: who offers what around the price; a level chosen goes into the order ticket.
import { balance, fullness, total } from '../lib/depth.ts';
import { theDesk } from '../lib/desk.ts';
import { el, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { showAge, staleNote } from '../lib/stale-note.ts';
import type { Frame, Level, OrderBook as Book } from '../lib/types.ts';

type Side = 'ask' | 'bid';

interface Row {
  row: HTMLButtonElement;
  price: HTMLElement;
  size: HTMLElement;
}

const MOST_LEVELS = 10;
const FEW_LEVELS = 3;
const ROW_HEIGHT = 21;

export class OrderBook extends HTMLElement {
  private desk = theDesk();
  private asks = el('ol', { class: 'book-side asks', 'aria-label': _('Offers to sell') });
  private bids = el('ol', { class: 'book-side bids', 'aria-label': _('Offers to buy') });
  private rows: Record<Side, Row[]> = { ask: this.side(this.asks), bid: this.side(this.bids) };
  private sample = el('span', { class: 'badge badge-sample', hidden: true }, _('Sample data'));
  private empty = el('p', { class: 'muted book-empty' }, _('No order book from this source.'));
  private note = staleNote();
  private sums = el('p', { class: 'book-sums num' });
  private share = el('span', { class: 'book-share' });
  private levels = FEW_LEVELS;
  private book: Book | null = null;
  private leave: () => void = () => undefined;

  connectedCallback(): void {
    const head = el('h2', { class: 'panel-title' }, _('Order book'), this.sample, this.note);
    const sides = el('div', { class: 'book-sides' }, this.asks, this.bids, this.empty);
    const footer = el('div', { class: 'book-footer' }, el('div', { class: 'book-balance' }, this.share), this.sums);
    this.append(head, sides, footer);
    new ResizeObserver(() => this.fit(sides.clientHeight)).observe(sides);
    this.desk.symbol.watch((symbol) => this.follow(symbol));
    this.desk.orders.watch(() => this.show());
    this.desk.stale.watch(() => this.age());
  }

  /** Levels around a price that nobody confirms are no younger than it. */
  private age(): void {
    showAge(this, this.note, this.desk.stale.value.get(this.desk.symbol.value));
  }

  private side(list: HTMLElement): Row[] {
    return Array.from({ length: MOST_LEVELS }, () => {
      const [price, size] = [el('span', { class: 'num' }), el('span', { class: 'num book-size' })];
      const row = el('button', { type: 'button', class: 'book-row' }, price, size);
      row.addEventListener('click', () => this.choose(row.value));
      list.append(el('li', { hidden: true }, row));
      return { row, price, size };
    });
  }

  private follow(symbol: string): void {
    this.leave();
    this.book = null;
    this.show();
    this.age();
    if (!symbol) return;
    const shown = (frame: Frame): void => {
      this.book = frame.data as Book;
      this.show();
    };
    this.leave = this.desk.socket.joinNewest(`book:${symbol}`, shown);
  }

  private choose(price: string): void {
    window.dispatchEvent(new CustomEvent('price-chosen', { detail: price }));
  }

  /** As many levels as there is room for, but never fewer than a few. */
  private fit(height: number): void {
    const levels = Math.floor(height / ROW_HEIGHT / 2);
    this.levels = Math.min(MOST_LEVELS, Math.max(FEW_LEVELS, levels));
    this.show();
  }

  private show(): void {
    const asks = this.book?.asks.slice(0, this.levels) ?? [];
    const bids = this.book?.bids.slice(0, this.levels) ?? [];
    this.fill('ask', asks, fullness(asks, bids));
    this.fill('bid', bids, fullness(bids, asks));
    this.empty.hidden = asks.length + bids.length > 0;
    this.sample.hidden = !this.book?.source.startsWith('SAMPLE');
    this.summed(asks, bids);
  }

  private fill(side: Side, levels: Level[], full: number[]): void {
    const symbol = this.desk.symbol.value;
    const currency = this.desk.currencyOf(symbol);
    const base = Number(this.desk.quote(symbol)?.price ?? 0) - Number(this.desk.quote(symbol)?.change ?? 0);
    const ours = this.ownPrices();
    this.rows[side].forEach(({ row, price, size }, place) => {
      const level = levels[place];
      if (row.parentElement) row.parentElement.hidden = !level;
      if (!level) return;
      const [value, shares] = level;
      row.value = value;
      row.style.setProperty('--full', String(full[place] ?? 0));
      row.toggleAttribute('data-ours', ours.has(Number(value)));
      price.className = `num ${base ? format.direction(Number(value) - base) : 'flat'}`;
      setText(price, format.price(value, currency));
      setText(size, format.quantity(shares));
    });
  }

  private ownPrices(): Set<number> {
    const orders = this.desk.openOrders(this.desk.symbol.value);
    return new Set(orders.map((order) => Number(order.limit_price)).filter(Boolean));
  }

  private summed(asks: Level[], bids: Level[]): void {
    const share = balance(asks, bids);
    this.share.style.setProperty('--share', String(share ?? 0));
    this.sums.hidden = share === null;
    const words = { bid: format.compact(total(bids)), ask: format.compact(total(asks)) };
    setText(this.sums, _('Buy {bid} · Sell {ask}', words));
  }
}

customElements.define('order-book', OrderBook);
