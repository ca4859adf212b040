// <watch-list>: the user's watchlists; switch, name, fill, and order them by dragging or by keys.
import { el, icon } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { newListName, theWatchlists } from '../lib/watchlists.ts';
import { QuoteTable } from './quote-table.ts';

export class WatchList extends QuoteTable {
  private watchlists = theWatchlists();
  private picker = el('select', { 'aria-label': _('Watchlist') });
  private empty = el('p', { class: 'empty', hidden: true }, _('This list is empty. Search a symbol and press its star.'));
  private dragged = '';

  override connectedCallback(): void {
    super.connectedCallback();
    this.append(this.empty);
    this.list.setAttribute('aria-describedby', 'watch-keys');
    this.picker.addEventListener('change', () => this.watchlists.choose(this.picker.value));
    for (const name of ['dragstart', 'dragover', 'dragend', 'drop'] as const) {
      this.list.addEventListener(name, (event) => this.dragging(event));
    }
    this.watchlists.lists.watch(() => this.renew());
  }

  protected override tools(): HTMLElement[] {
    const keys = _('Alt with the arrow keys moves a row, Delete takes it off.');
    return [
      el('div', { class: 'panel-tools' }, this.picker, this.menu()),
      el('div', { class: 'panel-tools panel-tools-second' }, this.markets(), document.createElement('sample-badge')),
      el('p', { id: 'watch-keys', class: 'visually-hidden' }, keys),
    ];
  }

  protected override dress(item: HTMLLIElement, symbol: string): void {
    const name = _('Take {symbol} off the watchlist', { symbol });
    const remove = el('button', { type: 'button', class: 'quote-remove', title: name, 'aria-label': name }, icon('close'));
    remove.addEventListener('click', () => void this.watchlists.drop(symbol));
    item.draggable = true;
    item.append(remove);
  }

  protected override moved(event: KeyboardEvent): void {
    super.moved(event);
    const symbol = this.symbolAt(event.target);
    if (!symbol) return;
    if (event.key === 'Delete') void this.watchlists.drop(symbol);
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    const symbols = this.watchlists.symbols;
    const at = symbols.indexOf(symbol) + (event.key === 'ArrowUp' ? -1 : 2);
    if (at >= 0) void this.watchlists.place(symbol, symbols[at] ?? '');
  }

  private dragging(event: DragEvent): void {
    const symbol = this.symbolAt(event.target);
    if (event.type === 'dragstart') this.dragged = symbol;
    for (const item of this.list.children) item.classList.remove('drop-before');
    if (event.type === 'dragend') this.dragged = '';
    if (!this.dragged || event.type === 'dragstart' || event.type === 'dragend') return;
    event.preventDefault();
    if (event.type === 'drop') void this.watchlists.place(this.dragged, symbol);
    else (event.target as HTMLElement).closest('li')?.classList.add('drop-before');
  }

  private menu(): HTMLElement {
    const menu = el('details', { class: 'popover watch-menu' });
    const entry = (text: string, work: () => void): HTMLElement =>
      el('button', { type: 'button', class: 'menu-item', onclick: () => { menu.open = false; work(); } }, text);
    const name = el('input', { type: 'text', maxlength: '60', 'aria-label': _('Name of the list') });
    const form = el('form', { class: 'watch-name' }, name, el('button', { class: 'button small', type: 'submit' }, _('Rename')));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      menu.open = false;
      if (name.value.trim()) void this.watchlists.rename(name.value.trim());
    });
    menu.addEventListener('toggle', () => (name.value = this.watchlists.current?.name ?? ''));
    const summary = el('summary', { class: 'button ghost round small-round', 'aria-label': _('Edit watchlists') }, icon('settings'));
    const entries = el(
      'div',
      { class: 'menu' },
      form,
      entry(_('New list'), () => void this.watchlists.make(newListName(this.watchlists.lists.value.length))),
      entry(_('Delete this list'), () => void this.watchlists.remove()),
    );
    menu.append(summary, entries);
    return menu;
  }

  private renew(): void {
    const { lists, current, symbols } = this.watchlists;
    this.picker.replaceChildren(
      ...lists.value.map((one) => el('option', { value: one.id, selected: one.id === current?.id }, one.name)),
    );
    this.empty.hidden = !current || symbols.length > 0;
    if (current) this.showSymbols(symbols);
  }
}

customElements.define('watch-list', WatchList);
