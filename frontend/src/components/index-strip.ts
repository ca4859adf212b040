// <index-strip>: the indices of the market, live, each with its change and the line of its day.
import * as api from '../lib/api.ts';
import { theDesk } from '../lib/desk.ts';
import { el, flash, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { tradeLink } from '../lib/page.ts';
import { Spark, sparkline } from '../lib/spark.ts';
import { showAge, staleNote } from '../lib/stale-note.ts';
import type { Bar, Quote } from '../lib/types.ts';

const TRIES_MAX = 3;
const TRY_AGAIN_MS = 5_000;

interface Index extends Quote {
  name: string;
}

interface Item {
  link: HTMLAnchorElement;
  price: HTMLElement;
  change: HTMLElement;
  note: HTMLElement;
  line: SVGSVGElement;
  spark: Spark;
  last: string;
}

export class IndexStrip extends HTMLElement {
  private desk = theDesk();
  private items = new Map<string, Item>();
  private tries = 0;

  connectedCallback(): void {
    this.hidden = true;
    this.setAttribute('role', 'group');
    this.setAttribute('aria-label', _('Indices'));
    this.desk.onQuote((quote) => this.quoted(quote));
    this.desk.stale.watch(() => this.age());
    window.addEventListener('line-recovered', () => void this.load());
    void this.load();
  }

  /** What cannot be loaded is not shown: the rest of the page says that the line is down. */
  private async load(): Promise<void> {
    try {
      const { indices } = await api.get<{ indices: Index[] }>('/api/market/overview?limit=1');
      for (const index of indices) if (!this.items.has(index.symbol)) this.add(index);
      this.hidden = this.items.size === 0;
      if (this.hidden) this.loadLater();
      await Promise.all([...this.items.keys()].map((symbol) => this.loadDay(symbol)));
      void this.desk.watch([...this.items.keys()]);
    } catch {
      this.hidden = this.items.size === 0;
    }
  }

  /** A feed that is asked for its first quotes has them a moment later. */
  private loadLater(): void {
    this.tries += 1;
    if (this.tries <= TRIES_MAX) window.setTimeout(() => void this.load(), TRY_AGAIN_MS);
  }

  private add(index: Index): void {
    const item: Item = {
      link: el('a', { class: 'index-item', href: tradeLink(index.symbol), title: this.titleOf(index) }),
      price: el('span', { class: 'index-price num' }),
      change: el('span', { class: 'index-change num' }),
      note: staleNote(),
      line: sparkline(),
      spark: new Spark(),
      last: '',
    };
    const figures = el('span', { class: 'index-figures' }, item.price, item.change, item.note);
    item.link.append(el('span', { class: 'index-name' }, index.name), figures, item.line);
    item.link.addEventListener('click', (event) => this.chosen(event, index.symbol));
    this.items.set(index.symbol, item);
    this.append(item.link);
    this.quoted(index);
  }

  private titleOf(index: Index): string {
    return index.source.startsWith('SAMPLE') ? `${index.name} · ${_('Sample data')}` : index.name;
  }

  /** On the trading page the chart shows it; elsewhere the link leads there. */
  private chosen(event: MouseEvent, symbol: string): void {
    if (!document.getElementById('desk')) return;
    event.preventDefault();
    void this.desk.select(symbol);
    window.dispatchEvent(new CustomEvent('show-panel', { detail: 'chart' }));
  }

  private async loadDay(symbol: string): Promise<void> {
    const item = this.items.get(symbol);
    const answer = await api.get<{ results: Bar[] }>(`/api/market/bars/${symbol}?interval=15m&limit=96`);
    if (!item) return;
    item.spark.take(answer.results);
    const quote = this.desk.quote(symbol);
    if (quote) item.spark.follow(quote);
    item.spark.draw(item.line);
  }

  private age(): void {
    for (const [symbol, { link, note }] of this.items) showAge(link, note, this.desk.stale.value.get(symbol));
  }

  private quoted(quote: Quote): void {
    const item = this.items.get(quote.symbol);
    if (!item) return;
    const direction = format.direction(quote.change_rate);
    setText(item.price, format.price(quote.price, format.POINTS));
    setText(item.change, format.percent(quote.change_rate));
    item.change.className = `index-change num ${direction}`;
    item.link.dataset['direction'] = direction;
    if (item.last) flash(item.price, format.direction(Number(quote.price) - Number(item.last)));
    item.last = quote.price;
    item.spark.follow(quote);
    item.spark.draw(item.line);
  }
}

customElements.define('index-strip', IndexStrip);
