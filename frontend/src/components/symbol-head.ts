// <symbol-head>: name, live price and day figures of the selected symbol.
import { theDesk } from '../lib/desk.ts';
import { el, flash, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { showAge, staleNote } from '../lib/stale-note.ts';
import type { Quote } from '../lib/types.ts';

export class SymbolHead extends HTMLElement {
  private desk = theDesk();
  private name = el('h1', { class: 'symbol-name' });
  private tag = el('span', { class: 'muted' });
  private sample = el('span', { class: 'badge badge-sample', hidden: true }, _('Sample data'));
  private price = el('span', { class: 'symbol-price num' });
  private change = el('span', { class: 'symbol-change num' });
  private note = staleNote();
  private figures = new Map<string, HTMLElement>();
  private last = '';

  connectedCallback(): void {
    this.append(
      el('div', { class: 'symbol-id' }, this.name, el('p', {}, this.tag, this.sample)),
      el('div', { class: 'symbol-now' }, this.price, this.change, this.note),
      el('div', { class: 'symbol-actions' }, document.createElement('watch-star'), document.createElement('price-alerts')),
      this.facts(),
    );
    this.desk.symbol.watch(() => this.renew());
    this.desk.instruments.watch(() => this.titled());
    this.desk.onQuote((quote) => this.show(quote));
    this.desk.stale.watch(() => this.age());
  }

  private facts(): HTMLElement {
    const names: [string, string][] = [
      ['bid', _('Bid')],
      ['ask', _('Ask')],
      ['volume', _('Volume')],
      ['time', _('Time')],
    ];
    const list = el('dl', { class: 'symbol-facts' });
    for (const [key, name] of names) {
      const value = el('dd', { class: 'num' }, '–');
      this.figures.set(key, value);
      list.append(el('div', { 'data-fact': key }, el('dt', {}, name), value));
    }
    return list;
  }

  private renew(): void {
    this.last = '';
    this.titled();
    const quote = this.desk.quote(this.desk.symbol.value);
    if (quote) this.show(quote);
    else setText(this.price, '–');
    this.age();
  }

  private age(): void {
    showAge(this, this.note, this.desk.stale.value.get(this.desk.symbol.value));
  }

  private titled(): void {
    const symbol = this.desk.symbol.value;
    const instrument = this.desk.instrument(symbol);
    setText(this.name, instrument?.name ?? symbol);
    const parts = [symbol, instrument?.exchange, instrument?.currency].filter(Boolean);
    setText(this.tag, parts.join(' · '));
  }

  private show(quote: Quote): void {
    if (quote.symbol !== this.desk.symbol.value) return;
    const unit = this.desk.unitOf(quote.symbol);
    const direction = format.direction(quote.change_rate);
    setText(this.price, format.price(quote.price, unit));
    this.price.className = `symbol-price num ${direction}`;
    this.change.className = `symbol-change num ${direction}`;
    setText(
      this.change,
      `${format.signedPrice(quote.change, unit)} (${format.percent(quote.change_rate)})`,
    );
    if (this.last) flash(this.price, format.direction(Number(quote.price) - Number(this.last)));
    this.last = quote.price;
    this.sample.hidden = !quote.source.startsWith('SAMPLE');
    this.fact('bid', format.price(quote.bid, unit));
    this.fact('ask', format.price(quote.ask, unit));
    this.fact('volume', format.compact(quote.volume));
    this.fact('time', format.clockTime(quote.exchange_time));
    document.title = `${format.price(quote.price, unit)} ${this.name.textContent ?? ''}`;
  }

  private fact(key: string, text: string): void {
    const element = this.figures.get(key);
    if (element) setText(element, text);
  }
}

customElements.define('symbol-head', SymbolHead);
