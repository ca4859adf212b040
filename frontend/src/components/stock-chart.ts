// <stock-chart>: candles and volume of the selected symbol, with a live last bar.
import {
  CandlestickSeries,
  createChart,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type MouseEventParams,
  type UTCTimestamp,
} from 'lightweight-charts';
import * as api from '../lib/api.ts';
import { Candles, type Candle, zoneOf } from '../lib/candles.ts';
import { theDesk } from '../lib/desk.ts';
import { announce, el, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { isToldAdjusted, leftOutText, adjustmentText } from '../lib/adjustment.ts';
import type { Adjustment, BarsAnswer, Interval, Quote } from '../lib/types.ts';

const INTERVALS: Interval[] = ['1m', '5m', '15m', '1h', '1d', '1w', '1mo'];
const INTERVAL_KEY = 'trade.interval';
const ADJUSTMENTS: Adjustment[] = ['RAW', 'SPLIT', 'ALL'];
const ADJUSTMENT_KEY = 'trade.adjustment';
const PAGE = 400;
const MORE_BELOW = 20;

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export class StockChart extends HTMLElement {
  private desk = theDesk();
  private chart: IChartApi | null = null;
  private candleSeries: ISeriesApi<'Candlestick'> | null = null;
  private volumeSeries: ISeriesApi<'Histogram'> | null = null;
  private interval: Interval = '1d';
  private adjustment: Adjustment = 'SPLIT';
  private adjustments = el('select', { class: 'chart-adjustment', 'aria-label': _('Adjustment of prices') });
  private candles = new Candles('1d');
  private loadingMore = false;
  private exhausted = false;
  private request: AbortController | null = null;
  private legend = el('div', { class: 'chart-legend', 'aria-live': 'off' });
  private status = el('p', { class: 'chart-status', role: 'status', hidden: true });
  private sourceLine = el('span', { class: 'chart-source muted' });
  private surface = el('div', { class: 'chart-surface' });
  private buttons = new Map<Interval, HTMLButtonElement>();

  connectedCallback(): void {
    const saved = window.localStorage.getItem(INTERVAL_KEY) as Interval | null;
    if (saved && INTERVALS.includes(saved)) this.interval = saved;
    const adjusted = window.localStorage.getItem(ADJUSTMENT_KEY) as Adjustment | null;
    if (adjusted && ADJUSTMENTS.includes(adjusted)) this.adjustment = adjusted;
    this.adjustments.addEventListener('change', () => this.adjust(this.adjustments.value as Adjustment));
    this.offerAdjustments(null);
    this.surface.setAttribute('role', 'img');
    this.append(
      el('div', { class: 'chart-bar' }, this.intervalPicker(), this.legend),
      el('div', { class: 'chart-body' }, this.surface, this.status),
      el('div', { class: 'chart-foot' }, el('div', { class: 'chart-origin' }, this.sourceLine, this.adjustments), this.attribution()),
    );
    this.draw();
    this.desk.symbol.watch((symbol) => {
      if (symbol) void this.load();
    });
    this.desk.onQuote((quote) => this.quoted(quote));
    window.addEventListener('line-recovered', () => void this.load());
    window.addEventListener('look-changed', () => this.restyle());
    window
      .matchMedia('(prefers-color-scheme: dark)')
      .addEventListener('change', () => this.restyle());
  }

  private intervalPicker(): HTMLElement {
    const names: Record<Interval, string> = {
      '1m': _('1m'),
      '5m': _('5m'),
      '15m': _('15m'),
      '1h': _('1h'),
      '1d': _('Day'),
      '1w': _('Week'),
      '1mo': _('Month'),
    };
    const group = el('div', { class: 'segmented', role: 'group', 'aria-label': _('Interval') });
    for (const interval of INTERVALS) {
      const button = el(
        'button',
        { type: 'button', onclick: () => this.choose(interval) },
        names[interval],
      );
      this.buttons.set(interval, button);
      group.append(button);
    }
    this.markInterval();
    return group;
  }

  private attribution(): HTMLElement {
    return el(
      'a',
      {
        class: 'muted chart-attribution',
        href: 'https://www.tradingview.com/',
        target: '_blank',
        rel: 'noopener noreferrer',
      },
      'TradingView Lightweight Charts™ · © 2025 TradingView, Inc.',
    );
  }

  private markInterval(): void {
    for (const [interval, button] of this.buttons) {
      button.setAttribute('aria-pressed', String(interval === this.interval));
    }
  }

  private choose(interval: Interval): void {
    this.interval = interval;
    window.localStorage.setItem(INTERVAL_KEY, interval);
    this.markInterval();
    void this.load();
  }

  private adjust(adjustment: Adjustment): void {
    this.adjustment = adjustment;
    window.localStorage.setItem(ADJUSTMENT_KEY, adjustment);
    void this.load();
  }

  /** Where the source tells adjusted prices only there is nothing to choose, and the list says so. */
  private offerAdjustments(answer: BarsAnswer | null): void {
    const isFixed = answer !== null && isToldAdjusted(answer);
    const options = isFixed
      ? [el('option', {}, _('Adjusted by the source'))]
      : ADJUSTMENTS.map((one) => el('option', { value: one, selected: one === this.adjustment }, adjustmentText(one)));
    this.adjustments.replaceChildren(...options);
    this.adjustments.disabled = isFixed;
    const hints: Record<Adjustment, string> = {
      RAW: _('Prices as they were paid.'),
      SPLIT: _('Splits and stock dividends are worked in.'),
      ALL: _('Splits, dividends, rights and spin-offs are worked in.'),
    };
    this.adjustments.title = isFixed ? _('The source tells prices with splits and dividends worked in.') : hints[this.adjustment];
  }

  private draw(): void {
    this.chart = createChart(this.surface, {
      autoSize: true,
      layout: { attributionLogo: false, fontFamily: css('--font') },
      crosshair: { mode: CrosshairMode.Normal },
      localization: { timeFormatter: (time: UTCTimestamp) => this.timeText(time) },
      timeScale: {
        rightOffset: 4,
        tickMarkFormatter: (time: UTCTimestamp, kind: number) => this.tickText(time, kind),
      },
    });
    this.candleSeries = this.chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.volumeSeries = this.chart.addSeries(HistogramSeries, {
      priceFormat: { type: 'volume' },
      priceScaleId: 'volume',
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.chart.priceScale('right').applyOptions({ scaleMargins: { top: 0.08, bottom: 0.22 } });
    this.chart.subscribeCrosshairMove((event) => this.pointed(event));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < MORE_BELOW) void this.loadMore();
    });
    this.restyle();
  }

  private restyle(): void {
    if (!this.chart || !this.candleSeries) return;
    const [text, grid, up, down] = [css('--c-muted'), css('--c-grid'), css('--c-up'), css('--c-down')];
    this.chart.applyOptions({
      layout: { background: { color: 'transparent' }, textColor: text },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
      rightPriceScale: { borderColor: grid },
      timeScale: { borderColor: grid, timeVisible: this.candles.isIntraday },
    });
    this.candleSeries.applyOptions({
      upColor: up,
      downColor: down,
      wickUpColor: up,
      wickDownColor: down,
    });
    this.paint();
  }

  private volumeColour(candle: Candle): string {
    return css(candle.close >= candle.open ? '--c-up-soft' : '--c-down-soft');
  }

  private paint(): void {
    const [up, down] = [css('--c-up-soft'), css('--c-down-soft')];
    this.candleSeries?.setData(this.candles.list.map((one) => ({ ...one })));
    this.volumeSeries?.setData(
      this.candles.list.map((one) => ({
        time: one.time,
        value: one.volume,
        color: one.close >= one.open ? up : down,
      })),
    );
  }

  private path(end?: string): string {
    const query = new URLSearchParams({ interval: this.interval, limit: String(PAGE), adjusted: this.adjustment });
    if (end) query.set('end', end);
    return `/api/market/bars/${encodeURIComponent(this.desk.symbol.value)}?${query}`;
  }

  private async load(): Promise<void> {
    const symbol = this.desk.symbol.value;
    this.request?.abort();
    this.request = new AbortController();
    this.exhausted = false;
    this.say(this.candles.list.length ? '' : _('Loading…'));
    try {
      const answer = await api.get<BarsAnswer>(this.path(), this.request.signal);
      this.candles = new Candles(this.interval, this.desk.exchangeOf(symbol));
      this.candles.take(answer.results);
      this.show(symbol, answer);
    } catch (error) {
      if (error instanceof DOMException) return;
      this.candles = new Candles(this.interval);
      this.paint();
      this.say(api.explained(error));
    }
  }

  private show(symbol: string, answer: BarsAnswer): void {
    const unit = this.desk.unitOf(symbol);
    const digits = format.digitsOf(unit);
    this.candleSeries?.applyOptions({
      priceFormat: {
        type: 'custom',
        minMove: digits ? 0.01 : 1,
        formatter: (value: number) => format.price(value.toFixed(digits), unit),
      },
    });
    this.restyle();
    this.fit();
    this.surface.setAttribute('aria-label', _('Price chart of {symbol}', { symbol }));
    const source = answer.source.startsWith('SAMPLE') ? _('Sample data') : answer.source;
    this.offerAdjustments(answer);
    setText(this.sourceLine, [_('Source: {source}', { source }), ...leftOutText(answer)].join(' · '));
    this.say(answer.results.length ? '' : _('No bars for this interval yet.'));
    this.legendOf(this.candles.last);
    const quote = this.desk.quote(symbol);
    if (quote) this.quoted(quote);
  }

  private fit(): void {
    const total = this.candles.list.length;
    const shown = Math.min(total, Math.max(40, Math.round(this.surface.clientWidth / 8)));
    this.chart?.timeScale().setVisibleLogicalRange({ from: total - shown, to: total + 3 });
  }

  private async loadMore(): Promise<void> {
    const first = this.candles.list[0];
    if (!first || this.loadingMore || this.exhausted) return;
    this.loadingMore = true;
    const candles = this.candles;
    try {
      const answer = await api.get<BarsAnswer>(this.path(candles.firstTime ?? ''));
      if (candles !== this.candles) return;
      this.exhausted = candles.takeOlder(answer.results) === 0;
      if (!this.exhausted) this.paint();
    } catch (error) {
      this.exhausted = true;
      announce(api.explained(error), 'bad');
    } finally {
      this.loadingMore = false;
    }
  }

  private quoted(quote: Quote): void {
    if (quote.symbol !== this.desk.symbol.value || !this.candles.list.length) return;
    const candle = this.candles.follow(quote);
    if (!candle) return;
    this.candleSeries?.update({ ...candle });
    this.volumeSeries?.update({
      time: candle.time,
      value: candle.volume,
      color: this.volumeColour(candle),
    });
    if (!this.surface.matches(':hover')) this.legendOf(candle);
  }

  private pointed(event: MouseEventParams): void {
    const found = this.candles.at(event.time as UTCTimestamp | undefined);
    this.legendOf(found ?? this.candles.last);
  }

  private legendOf(candle: Candle | undefined): void {
    if (!candle) {
      this.legend.replaceChildren();
      return;
    }
    const unit = this.desk.unitOf(this.desk.symbol.value);
    const digits = format.digitsOf(unit);
    const cell = (name: string, value: number): HTMLElement =>
      el('span', {}, el('b', {}, name), format.price(value.toFixed(digits), unit));
    this.legend.className = `chart-legend num ${candle.close >= candle.open ? 'up' : 'down'}`;
    this.legend.replaceChildren(
      cell(_('O'), candle.open),
      cell(_('H'), candle.high),
      cell(_('L'), candle.low),
      cell(_('C'), candle.close),
      el('span', {}, el('b', {}, _('V')), format.compact(candle.volume)),
    );
  }

  private say(text: string): void {
    this.status.hidden = !text;
    setText(this.status, text);
  }

  private zone(): string {
    return this.candles.isIntraday
      ? zoneOf(this.desk.exchangeOf(this.desk.symbol.value))
      : 'UTC';
  }

  private timeText(time: UTCTimestamp): string {
    return new Intl.DateTimeFormat(document.documentElement.lang, {
      timeZone: this.zone(),
      dateStyle: 'medium',
      ...(this.candles.isIntraday ? { timeStyle: 'short' as const, hourCycle: 'h23' as const } : {}),
    }).format(time * 1000);
  }

  private tickText(time: UTCTimestamp, kind: number): string {
    const forms: Intl.DateTimeFormatOptions[] = [
      { year: 'numeric' },
      { month: 'short' },
      { day: 'numeric' },
      { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ];
    return new Intl.DateTimeFormat(document.documentElement.lang, {
      timeZone: this.zone(),
      ...(forms[Math.min(kind, 3)] ?? {}),
    }).format(time * 1000);
  }
}

customElements.define('stock-chart', StockChart);
