// <quote-table>: symbols with live, flashing prices; <watch-list> adds what a user may do with them.
import { pageConfig } from '../lib/config.ts';
import { theDesk } from '../lib/desk.ts';
import { el, flash, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { showAge, staleNote } from '../lib/stale-note.ts';
import type { Quote } from '../lib/types.ts';

interface Row {
  item: HTMLLIElement;
  row: HTMLElement;
  title: HTMLElement;
  name: HTMLElement;
  price: HTMLElement;
  change: HTMLElement;
  note: HTMLElement;
  last: string;
}

type Market = 'all' | 'kr' | 'us';

export class QuoteTable extends HTMLElement {
  protected desk = theDesk();
  protected list = el('ul', { class: 'quote-list' });
  private rows = new Map<string, Row>();
  private market: Market = 'all';

  connectedCallback(): void {
    this.list.setAttribute('aria-label', _('Watched symbols'));
    this.append(...this.tools(), this.list);
    const limit = Number(this.getAttribute('limit') ?? 0);
    const symbols = pageConfig().default_symbols;
    this.showSymbols(limit ? symbols.slice(0, limit) : symbols);
    this.list.addEventListener('keydown', (event) => this.moved(event));
    this.desk.onQuote((quote) => this.show(quote));
    this.desk.stale.watch(() => this.age());
    this.desk.instruments.watch(() => this.nameRows());
    if (!this.isStatic) this.desk.symbol.watch((symbol) => this.mark(symbol));
  }

  /** On the start page rows show prices and do nothing else. */
  protected get isStatic(): boolean {
    return this.hasAttribute('sample');
  }

  /** What stands above the list. */
  protected tools(): HTMLElement[] {
    return this.isStatic ? [] : [el('div', { class: 'panel-tools' }, this.markets(), document.createElement('sample-badge'))];
  }

  /** What a row has beside its prices. */
  protected dress(_item: HTMLLIElement, _symbol: string): void {}

  /** Show these symbols in this order; rows that were there stay what they are. */
  protected showSymbols(symbols: string[]): void {
    const focused = document.activeElement;
    const known = this.rows;
    this.rows = new Map(symbols.map((symbol) => [symbol, known.get(symbol) ?? this.rowOf(symbol)]));
    this.list.replaceChildren(...[...this.rows.values()].map((one) => one.item));
    if (focused instanceof HTMLElement && this.list.contains(focused)) focused.focus();
    this.nameRows();
    this.mark(this.desk.symbol.value);
    for (const symbol of symbols) {
      const quote = known.has(symbol) ? undefined : this.desk.quote(symbol);
      if (quote) this.show(quote);
    }
    this.age();
  }

  protected symbolAt(target: EventTarget | null): string {
    const row = (target as HTMLElement | null)?.closest<HTMLElement>('li')?.querySelector<HTMLElement>('[data-symbol]');
    return row?.dataset['symbol'] ?? '';
  }

  protected markets(): HTMLElement {
    const names: [Market, string][] = [
      ['all', _('All')],
      ['kr', _('Korea')],
      ['us', _('US')],
    ];
    const group = el('div', { class: 'segmented', role: 'group', 'aria-label': _('Which market') });
    for (const [market, name] of names) {
      const button = el('button', { type: 'button', 'aria-pressed': String(market === 'all') }, name);
      button.addEventListener('click', () => {
        this.market = market;
        for (const other of group.children) {
          other.setAttribute('aria-pressed', String(other === button));
        }
        this.filterRows();
      });
      group.append(button);
    }
    return group;
  }

  private rowOf(symbol: string): Row {
    const cells = {
      title: el('b', {}, symbol),
      name: el('span', { class: 'quote-name' }),
      price: el('span', { class: 'quote-price num' }, '–'),
      change: el('span', { class: 'quote-change num' }),
      note: staleNote(),
    };
    const parts = [
      el('span', { class: 'quote-id' }, cells.title, cells.name),
      el('span', { class: 'quote-figures' }, cells.price, el('span', { class: 'quote-second' }, cells.note, cells.change)),
    ];
    const row = this.isStatic
      ? el('div', { class: 'quote-row' }, ...parts)
      : el('button', { type: 'button', class: 'quote-row', 'data-symbol': symbol }, ...parts);
    if (!this.isStatic) row.addEventListener('click', () => this.chosen(symbol));
    const item = el('li', {}, row);
    this.dress(item, symbol);
    return { item, row, ...cells, last: '' };
  }

  private chosen(symbol: string): void {
    void this.desk.select(symbol);
    window.dispatchEvent(new CustomEvent('show-panel', { detail: 'chart' }));
  }

  /** Arrow keys walk the list, as in a list box. */
  protected moved(event: KeyboardEvent): void {
    if (event.altKey || (event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
    const visible = [...this.rows.values()].map((one) => one.row).filter((row) => row.offsetParent);
    const at = visible.indexOf(document.activeElement as HTMLElement);
    const next = visible[at + (event.key === 'ArrowDown' ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  }

  private nameRows(): void {
    for (const [symbol, row] of this.rows) {
      // Korean stocks are known by name, US ones by ticker: that one stands first.
      const instrument = this.desk.instrument(symbol);
      const byName = instrument?.currency === 'KRW' || instrument?.asset_type === 'INDEX';
      setText(row.title, byName ? instrument.name : symbol);
      setText(row.name, byName ? symbol : (instrument?.name ?? ''));
    }
    this.filterRows();
  }

  private filterRows(): void {
    for (const [symbol, { item }] of this.rows) {
      const isKorean = this.desk.currencyOf(symbol) === 'KRW';
      const shown = this.market === 'all' || (this.market === 'kr') === isKorean;
      item.hidden = !shown;
    }
  }

  private mark(selected: string): void {
    for (const [symbol, { row }] of this.rows) {
      row.setAttribute('aria-current', String(symbol === selected));
    }
  }

  private show(quote: Quote): void {
    const row = this.rows.get(quote.symbol);
    if (!row) return;
    setText(row.price, format.price(quote.price, this.desk.unitOf(quote.symbol)));
    setText(row.change, format.percent(quote.change_rate));
    row.change.className = `quote-change num ${format.direction(quote.change_rate)}`;
    const change = row.last ? Number(quote.price) - Number(row.last) : 0;
    if (change) flash(row.price, format.direction(change));
    row.last = quote.price;
  }

  private age(): void {
    for (const [symbol, { row, note }] of this.rows) showAge(row, note, this.desk.stale.value.get(symbol));
  }
}

customElements.define('quote-table', QuoteTable);
