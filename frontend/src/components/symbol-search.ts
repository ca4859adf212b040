// <symbol-search>: find an instrument by code or name; "/" focuses it.
import { pageConfig } from '../lib/config.ts';
import { theDesk } from '../lib/desk.ts';
import { el, icon } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';
import type { Instrument } from '../lib/types.ts';
import { theWatchlists } from '../lib/watchlists.ts';

const WAIT_MS = 160;

export class SymbolSearch extends HTMLElement {
  private desk = theDesk();
  private input = el('input', {
    type: 'search',
    id: 'symbol-search',
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-expanded': 'false',
    'aria-controls': 'symbol-results',
    'aria-autocomplete': 'list',
    'aria-label': _('Search a symbol or name'),
    placeholder: _('Search a symbol or name'),
  });
  private list = el('ul', { class: 'menu search-results', id: 'symbol-results', role: 'listbox', hidden: true });
  private found: Instrument[] = [];
  private active = -1;
  private timer = 0;
  private request: AbortController | null = null;

  connectedCallback(): void {
    this.list.setAttribute('aria-label', _('Search results'));
    this.append(icon('search'), this.input, el('kbd', { 'aria-hidden': 'true' }, '/'), this.list);
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('keydown', (event) => this.pressed(event));
    this.input.addEventListener('blur', () => window.setTimeout(() => this.close(), 120));
    document.addEventListener('keydown', (event) => {
      const target = event.target as HTMLElement;
      if (event.key !== '/' || target.closest('input, textarea, select, [contenteditable]')) return;
      event.preventDefault();
      this.input.focus();
    });
  }

  private typed(): void {
    window.clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (!text) return this.close();
    this.timer = window.setTimeout(() => void this.look(text), WAIT_MS);
  }

  private async look(text: string): Promise<void> {
    this.request?.abort();
    this.request = new AbortController();
    try {
      this.found = await this.desk.search(text, this.request.signal);
    } catch {
      this.found = [];
    }
    if (this.input.value.trim() === text) this.open();
  }

  private open(): void {
    this.active = this.found.length ? 0 : -1;
    this.list.replaceChildren(
      ...this.found.map((one, at) => this.option(one, at)),
      ...(this.found.length ? [] : [el('li', { class: 'muted menu-empty' }, _('Nothing found.'))]),
    );
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
    this.mark();
  }

  private option(one: Instrument, at: number): HTMLElement {
    const option = el(
      'li',
      { role: 'option', id: `symbol-option-${at}` },
      el('b', {}, one.symbol),
      el('span', {}, one.name),
      el('span', { class: 'muted' }, one.exchange),
    );
    if (pageConfig().signed_in) option.append(this.adder(one.symbol));
    option.addEventListener('mousedown', (event) => {
      event.preventDefault();
      this.choose(at);
    });
    return option;
  }

  private adder(symbol: string): HTMLElement {
    const name = _('Add {symbol} to the watchlist', { symbol });
    const button = el('button', { type: 'button', class: 'option-add', tabindex: '-1', title: name, 'aria-label': name }, icon('plus'));
    button.addEventListener('mousedown', (event) => {
      event.preventDefault();
      event.stopPropagation();
      void theWatchlists().add(symbol);
    });
    return button;
  }

  private mark(): void {
    for (const [at, option] of [...this.list.children].entries()) {
      option.setAttribute('aria-selected', String(at === this.active));
      if (at === this.active) option.scrollIntoView({ block: 'nearest' });
    }
    if (this.active < 0) this.input.removeAttribute('aria-activedescendant');
    else this.input.setAttribute('aria-activedescendant', `symbol-option-${this.active}`);
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      this.input.value = '';
      this.close();
      this.input.blur();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      this.choose(this.active);
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      this.active = Math.max(0, Math.min(this.found.length - 1, this.active + step));
      this.mark();
    }
  }

  private choose(at: number): void {
    const one = this.found[at];
    if (!one) return;
    this.input.value = '';
    this.close();
    this.input.blur();
    void this.desk.select(one.symbol);
    window.dispatchEvent(new CustomEvent('show-panel', { detail: 'chart' }));
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }
}

customElements.define('symbol-search', SymbolSearch);
