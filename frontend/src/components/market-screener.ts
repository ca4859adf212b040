// <market-screener>: rows of filters, the instruments that pass at live prices, saved screens.
import * as api from '../lib/api.ts';
import { pageConfig } from '../lib/config.ts';
import { theDesk } from '../lib/desk.ts';
import { announce, el, flash, setText } from '../lib/dom.ts';
import { shownText } from '../lib/figures.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { tradeLink } from '../lib/page.ts';
import { type Definition, type Filter, FilterRow, type ScreenField } from '../lib/screens.ts';
import { showAge, staleNote } from '../lib/stale-note.ts';
import type { Quote } from '../lib/types.ts';

const PATH = '/api/market/screener';
const PAGE = 50;
const COLUMNS = ['change_rate', 'value', 'return_1m', 'return_1y', 'high_distance', 'volatility', 'rsi'];

type Row = Record<string, string | number | null> & { symbol: string; name: string; currency: string; price: string };

interface Screened {
  as_of: string;
  features_as_of: string | null;
  screened: number;
  total: number;
  left_out: { field: string; instruments: number }[];
  results: Row[];
  next_offset: number | null;
}

interface Cells {
  line: HTMLElement;
  price: HTMLElement;
  change: HTMLElement;
  note: HTMLElement;
  currency: string;
  last: string;
}

interface Saved {
  id: string;
  name: string;
  definition: Definition;
}

export class MarketScreener extends HTMLElement {
  private desk = theDesk();
  private fields = new Map<string, ScreenField>();
  private filters: FilterRow[] = [];
  private sort = '-value';
  private offset = 0;
  private list = el('div', { class: 'filters' });
  private saved = el('select', { 'aria-label': _('Saved screens'), hidden: true });
  private table = el('table', { class: 'grid screen-table' });
  private note = el('p', { class: 'screen-note muted' });
  private problem = el('p', { class: 'form-error', role: 'alert', hidden: true });
  private pager = el('div', { class: 'pager' });
  private prices = new Map<string, Cells>();
  private screens: Saved[] = [];
  private unfollow: () => void = () => undefined;
  private request: AbortController | null = null;

  connectedCallback(): void {
    const wrap = el('div', { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': _('Results') }, this.table);
    this.append(
      el('div', { class: 'page-tools' }, el('h1', {}, _('Screener')), document.createElement('sample-badge'), this.saved),
      el('section', { class: 'panel screen-filters', 'aria-label': _('Filters') }, this.list, this.buttons()),
      this.problem,
      el('section', { class: 'panel', 'aria-label': _('Results') }, this.note, wrap, this.pager),
    );
    this.saved.addEventListener('change', () => this.opened());
    this.desk.onQuote((quote) => this.quoted(quote));
    this.desk.stale.watch(() => this.age());
    void this.start();
  }

  private buttons(): HTMLElement {
    const button = (text: string, look: string, work: () => void): HTMLElement =>
      el('button', { type: 'button', class: `button ${look}`, onclick: work }, text);
    const row = el(
      'div',
      { class: 'screen-buttons' },
      button(_('Add a filter'), '', () => this.addFilter()),
      button(_('Search'), 'primary', () => void this.run(0)),
    );
    if (pageConfig().signed_in) row.append(this.saver());
    return row;
  }

  private saver(): HTMLElement {
    const name = el('input', { type: 'text', maxlength: '60', placeholder: _('Name of the screen'), 'aria-label': _('Name of the screen') });
    const form = el('form', { class: 'screen-save' }, name, el('button', { class: 'button', type: 'submit' }, _('Save')));
    const drop = el('button', { type: 'button', class: 'button ghost', onclick: () => void this.dropped() }, _('Delete the saved one'));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (name.value.trim()) void this.save(name.value.trim());
    });
    form.append(drop);
    return form;
  }

  private async start(): Promise<void> {
    await this.told(async () => {
      const fields = await api.getList<ScreenField>(PATH);
      this.fields = new Map(fields.map((one) => [one.field, one]));
      this.addFilter({ field: 'change_rate', op: 'gte', value: 0 });
      await this.run(0);
      if (pageConfig().signed_in) await this.loadSaved();
    });
  }

  private addFilter(filter?: Filter): void {
    const row = new FilterRow([...this.fields.values()], filter, () => {
      this.filters = this.filters.filter((one) => one !== row);
      row.element.remove();
    });
    this.filters.push(row);
    this.list.append(row.element);
  }

  private definition(): Definition {
    return { filters: this.filters.map((row) => row.filter()), sort: this.sort };
  }

  private async run(offset: number): Promise<void> {
    this.request?.abort();
    this.request = new AbortController();
    const signal = this.request.signal;
    await this.told(async () => {
      const body = { definition: this.definition(), limit: PAGE, offset };
      const found = await api.call<Screened>('POST', PATH, { body, signal });
      this.offset = offset;
      this.show(found);
    });
  }

  private async told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.problem.hidden = true;
    } catch (error) {
      if (error instanceof DOMException) return;
      this.problem.hidden = false;
      setText(this.problem, api.explained(error));
    }
  }

  private show(found: Screened): void {
    const leftOut = found.left_out.map(({ field, instruments }) =>
      _('{field}: {count} left out, no value is known', { field: this.fields.get(field)?.label ?? field, count: instruments }),
    );
    const figured = found.features_as_of
      ? _('Figures of {time}', { time: format.dateTime(found.features_as_of) })
      : _('Figures from bars are not computed yet');
    setText(this.note, [_('{total} of {screened} pass', { total: found.total, screened: found.screened }), figured, ...leftOut].join(' · '));
    this.prices.clear();
    this.table.replaceChildren(this.headings(), el('tbody', {}, ...found.results.map((row) => this.row(row))));
    this.follow(found.results.map((row) => row.symbol));
    this.age();
    this.turn(found);
  }

  private follow(symbols: string[]): void {
    this.unfollow();
    this.unfollow = this.desk.socket.follow(symbols);
  }

  private headings(): HTMLElement {
    const names = ['price', ...this.shown()];
    const cells = names.map((name) => {
      const isSorted = this.sort.replace('-', '') === name;
      const order = isSorted ? (this.sort.startsWith('-') ? 'descending' : 'ascending') : 'none';
      const button = el('button', { type: 'button', class: 'sorter' }, this.fields.get(name)?.label ?? name);
      button.addEventListener('click', () => {
        this.sort = this.sort === `-${name}` ? name : `-${name}`;
        void this.run(0);
      });
      return el('th', { scope: 'col', 'aria-sort': order }, button);
    });
    return el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, _('Name')), ...cells));
  }

  /** The usual columns, and those that are filtered or sorted by. */
  private shown(): string[] {
    const asked = [...this.filters.map((row) => row.filter().field), this.sort.replace('-', '')];
    const numbers = asked.filter((name) => name !== 'price' && this.fields.get(name)?.unit !== 'word');
    return [...new Set([...COLUMNS, ...numbers])];
  }

  private row(row: Row): HTMLElement {
    const price = el('span', { class: 'num' }, format.price(row.price, row.currency));
    const cells = this.shown().map((name) => {
      const unit = this.fields.get(name)?.unit ?? 'number';
      const value = row[name] as number | null;
      const tone = unit === 'rate' && name !== 'volatility' ? format.direction(value) : '';
      return el('td', { class: `num ${tone}` }, shownText(value, unit));
    });
    const change = cells[0] ?? el('td');
    const note = staleNote();
    const title = el('a', { href: tradeLink(row.symbol) }, row.name);
    const about = el('span', { class: 'muted' }, `${row.symbol} · ${String(row['exchange'] ?? '')}`);
    const line = el('tr', {}, el('th', { scope: 'row' }, title, about), el('td', {}, price, note), ...cells);
    this.prices.set(row.symbol, { line, price, change, note, currency: row.currency, last: row.price });
    return line;
  }

  private age(): void {
    for (const [symbol, { line, note }] of this.prices) showAge(line, note, this.desk.stale.value.get(symbol));
  }

  private quoted(quote: Quote): void {
    const cell = this.prices.get(quote.symbol);
    if (!cell) return;
    setText(cell.price, format.price(quote.price, cell.currency));
    setText(cell.change, format.percent(quote.change_rate));
    cell.change.className = `num ${format.direction(quote.change_rate)}`;
    flash(cell.price, format.direction(Number(quote.price) - Number(cell.last)));
    cell.last = quote.price;
  }

  private turn(found: Screened): void {
    const button = (text: string, offset: number | null): HTMLElement =>
      el('button', { type: 'button', class: 'button small', disabled: offset === null, onclick: () => void this.run(offset ?? 0) }, text);
    const isPaged = this.offset > 0 || found.next_offset !== null;
    const before = this.offset > 0 ? Math.max(0, this.offset - PAGE) : null;
    this.pager.replaceChildren(...(isPaged ? [button(_('Back'), before), button(_('Further'), found.next_offset)] : []));
  }

  private async loadSaved(chosen = ''): Promise<void> {
    this.screens = await api.getList<Saved>(`${PATH}/screens`);
    this.saved.hidden = !this.screens.length;
    const none = el('option', { value: '' }, _('Saved screens'));
    const options = this.screens.map((one) => el('option', { value: one.id, selected: one.id === chosen }, one.name));
    this.saved.replaceChildren(none, ...options);
  }

  private async save(name: string): Promise<void> {
    await this.told(async () => {
      const made = await api.call<Saved>('POST', `${PATH}/screens`, { body: { name, definition: this.definition() } });
      await this.loadSaved(made.id);
      announce(_('The screen is saved.'), 'good');
    });
  }

  private async dropped(): Promise<void> {
    const id = this.saved.value;
    if (!id) return;
    await this.told(async () => {
      await api.call('DELETE', `${PATH}/screens/${id}`);
      await this.loadSaved();
    });
  }

  private opened(): void {
    const screen = this.screens.find((one) => one.id === this.saved.value);
    if (!screen) return;
    this.filters = [];
    this.list.replaceChildren();
    for (const filter of screen.definition.filters ?? []) this.addFilter(filter);
    this.sort = screen.definition.sort ?? '-value';
    void this.run(0);
  }
}

customElements.define('market-screener', MarketScreener);
