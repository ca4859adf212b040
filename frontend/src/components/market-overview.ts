// <market-overview>: indices, live, and breadth, sectors and movers, read again every three seconds.
import * as api from '../lib/api.ts';
import { el, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { staleAge } from '../lib/freshness.ts';
import { tradeLink } from '../lib/page.ts';
import { showAge, staleNote } from '../lib/stale-note.ts';
import type { Quote } from '../lib/types.ts';
import { sectorText } from '../lib/words.ts';

const EVERY_MS = 3_000;
const FULL_TONE = 0.03;

interface Mover extends Quote {
  name: string;
  exchange: string;
  currency: string;
}

interface Breadth {
  advancing: number;
  declining: number;
  unchanged: number;
  new_highs: number;
  new_lows: number;
  ranged: number;
}

interface Sector {
  exchange: string;
  name: string;
  instruments: number;
  advancing: number;
  declining: number;
  change_rate: number;
  value: number;
}

interface Overview {
  as_of: string;
  sources: string[];
  breadth: Breadth;
  exchanges: { exchange: string; breadth: Breadth }[];
  sectors: Sector[];
  gainers: Mover[];
  losers: Mover[];
  most_active: Mover[];
  most_volume: Mover[];
}

export class MarketOverview extends HTMLElement {
  private exchange = '';
  private exchanges = el('div', { class: 'segmented', role: 'group', 'aria-label': _('Which market') });
  private asOf = el('span', { class: 'muted num' });
  private sample = el('span', { class: 'badge badge-sample', hidden: true }, _('Sample data'));
  private problem = el('p', { class: 'form-error', role: 'alert', hidden: true });
  private body = el('div', { class: 'overview-body' });
  private timer = 0;
  private told: { overview: Overview; at: number } | null = null;

  connectedCallback(): void {
    this.append(
      el('div', { class: 'page-tools' }, el('h1', {}, _('Markets')), this.exchanges, this.sample, this.asOf),
      document.createElement('index-strip'),
      this.problem,
      this.body,
    );
    void this.renew();
    this.timer = window.setInterval(() => document.hidden || void this.renew(), EVERY_MS);
  }

  disconnectedCallback(): void {
    window.clearInterval(this.timer);
  }

  private async renew(): Promise<void> {
    const query = this.exchange ? `&exchange=${this.exchange}` : '';
    try {
      const overview = await api.get<Overview>(`/api/market/overview?limit=6${query}`);
      this.problem.hidden = true;
      this.told = { overview, at: performance.now() };
      this.show(overview);
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, api.explained(error));
      // What stands there was true once: its prices go on growing old.
      if (this.told) this.show(this.told.overview, performance.now() - this.told.at);
    }
  }

  private show(overview: Overview, waitedMs = 0): void {
    if (!this.exchange) this.offer(overview.exchanges.map((one) => one.exchange));
    setText(this.asOf, format.clockTime(overview.as_of));
    this.sample.hidden = !overview.sources.includes('SAMPLE');
    const lists: [string, Mover[]][] = [
      [_('Gainers'), overview.gainers],
      [_('Losers'), overview.losers],
      [_('Most traded by value'), overview.most_active],
      [_('Most traded by volume'), overview.most_volume],
    ];
    this.body.replaceChildren(
      this.breadth(overview),
      this.sectors(overview.sectors),
      ...lists.map(([title, movers]) => this.movers(title, movers, waitedMs)),
    );
  }

  private offer(exchanges: string[]): void {
    if (this.exchanges.children.length === exchanges.length + 1) return;
    const names: [string, string][] = [['', _('All')], ...exchanges.map((one): [string, string] => [one, one])];
    this.exchanges.replaceChildren(
      ...names.map(([value, name]) => {
        const button = el('button', { type: 'button', 'aria-pressed': String(value === this.exchange) }, name);
        button.addEventListener('click', () => {
          this.exchange = value;
          for (const other of this.exchanges.children) other.setAttribute('aria-pressed', String(other === button));
          void this.renew();
        });
        return button;
      }),
    );
  }

  private breadth(overview: Overview): HTMLElement {
    const rows = overview.exchanges.map(({ exchange, breadth }) => {
      const total = breadth.advancing + breadth.declining + breadth.unchanged || 1;
      const bar = el('span', { class: 'breadth-bar', 'aria-hidden': 'true' });
      for (const [kind, count] of [['up', breadth.advancing], ['flat', breadth.unchanged], ['down', breadth.declining]] as const) {
        const part = el('i', { class: `breadth-${kind}` });
        part.style.inlineSize = `${(count / total) * 100}%`;
        bar.append(part);
      }
      const records = breadth.ranged
        ? _('{highs} at a 52-week high, {lows} at a low', { highs: breadth.new_highs, lows: breadth.new_lows })
        : _('52-week range not known yet');
      return el(
        'li',
        {},
        el('b', {}, exchange),
        bar,
        el('span', { class: 'num' }, el('span', { class: 'up' }, `▲ ${breadth.advancing}`), ` · ${breadth.unchanged} · `, el('span', { class: 'down' }, `▼ ${breadth.declining}`)),
        el('span', { class: 'muted' }, records),
      );
    });
    return this.card(_('Breadth'), el('ul', { class: 'breadth' }, ...rows), 'wide-card');
  }

  private sectors(sectors: Sector[]): HTMLElement {
    const tiles = sectors.map((one) => {
      const direction = format.direction(one.change_rate);
      const tone = Math.min(1, Math.abs(one.change_rate) / FULL_TONE);
      const tile = el(
        'li',
        { class: `sector sector-${direction}`, title: _('{up} up, {down} down', { up: one.advancing, down: one.declining }) },
        el('span', { class: 'sector-name' }, sectorText(one.name)),
        el('b', { class: 'num' }, format.percent(one.change_rate)),
        el('span', { class: 'sector-note' }, `${one.exchange} · ${one.instruments}`),
      );
      tile.style.setProperty('--tone', tone.toFixed(2));
      return tile;
    });
    const list = tiles.length ? el('ul', { class: 'sectors' }, ...tiles) : el('p', { class: 'empty' }, _('No sector is known.'));
    return this.card(_('Sectors'), list, 'wide-card');
  }

  private movers(title: string, movers: Mover[], waitedMs: number): HTMLElement {
    const rows = movers.map((one) => el('li', {}, this.mover(one, waitedMs)));
    return this.card(title, rows.length ? el('ul', { class: 'movers' }, ...rows) : el('p', { class: 'empty' }, _('Nothing to show.')));
  }

  private mover(one: Mover, waitedMs: number): HTMLElement {
    const note = staleNote();
    const change = `${format.percent(one.change_rate)} · ${format.compact(one.volume)}`;
    const row = el(
      'a',
      { class: 'quote-row', href: tradeLink(one.symbol) },
      el('span', { class: 'quote-id' }, el('b', {}, one.name), el('span', { class: 'quote-name' }, `${one.symbol} · ${one.exchange}`)),
      el(
        'span',
        { class: 'quote-figures' },
        el('span', { class: 'quote-price num' }, format.price(one.price, one.currency)),
        el('span', { class: 'quote-second' }, note, el('span', { class: `quote-change num ${format.direction(one.change_rate)}` }, change)),
      ),
    );
    showAge(row, note, staleAge(one, waitedMs));
    return row;
  }

  private card(title: string, content: HTMLElement, look = ''): HTMLElement {
    return el('section', { class: `panel card ${look}`, 'aria-label': title }, el('h2', { class: 'panel-title' }, title), content);
  }
}

customElements.define('market-overview', MarketOverview);
