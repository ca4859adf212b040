// The state of the trading page: what is selected, the newest quotes, the user's portfolio.
import * as api from './api.ts';
import { Cell } from './cell.ts';
import { pageConfig } from './config.ts';
import { announce } from './dom.ts';
import { POINTS } from './format.ts';
import { Freshness } from './freshness.ts';
import { gettext as _ } from './i18n.ts';
import { LiveSocket } from './socket.ts';
import type { Fill, Frame, Instrument, Order, Portfolio, Position, Quote } from './types.ts';

const OPEN_STATUSES = new Set([
  'NEW',
  'PENDING_SUBMIT',
  'SUBMITTED',
  'ACCEPTED',
  'PARTIALLY_FILLED',
  'PENDING_CANCEL',
  'PENDING_REPLACE',
  'UNKNOWN',
]);
const REFRESH_AFTER_MS = 250;
const FEW = 3;
const EQUITY_EVERY_MS = 10_000;
const AGES_EVERY_MS = 1_000;
const SELECTED_KEY = 'trade.symbol';

/** KRX codes are six digits or letters that begin with a digit; US tickers begin with a letter. */
export const isKoreanCode = (symbol: string): boolean => /^\d[0-9A-Z]{5}$/.test(symbol);

export const isOpen = (order: Order): boolean => OPEN_STATUSES.has(order.status);

/** One message of the user stream: its object stands under the name of its kind. */
export interface PortfolioNews {
  kind?: string;
  portfolio_id?: string;
  order?: Order;
  fill?: Fill & { symbol: string; side: string; currency: string };
  position?: Position;
  equity?: Portfolio;
  symbol_change?: { symbol: string; new_symbol: string };
  instrument_ended?: { symbol: string; reason: string; ex_date: string };
}

export class Desk {
  readonly socket: LiveSocket;
  readonly symbol = new Cell<string>('');
  readonly instruments = new Cell<Map<string, Instrument>>(new Map());
  readonly portfolio = new Cell<Portfolio | null>(null);
  readonly portfolios = new Cell<Portfolio[] | null>(null);
  readonly positions = new Cell<Position[] | null>(null);
  readonly orders = new Cell<Order[] | null>(null);
  readonly problem = new Cell<string>('');
  readonly question = new Cell<string>('');
  /** The age of every price that is stale, by symbol. */
  readonly stale = new Cell<ReadonlyMap<string, number>>(new Map());
  private freshness = new Freshness();
  private quotes = new Map<string, Quote>();
  private quoteListeners = new Set<(quote: Quote) => void>();
  private userListeners = new Set<(frame: Frame) => void>();
  private refreshTimer = 0;

  constructor(path: string) {
    this.socket = new LiveSocket(path);
    this.socket.onMarket((data) => this.quoteArrived(data as Quote));
    window.setInterval(() => this.judgeAges(), AGES_EVERY_MS);
  }

  /** Bring the page to life: sockets first, so that nothing between the snapshot and it is lost. */
  async start(symbols: string[]): Promise<void> {
    const asked = new URLSearchParams(location.search).get('symbol');
    const remembered = asked ?? window.localStorage.getItem(SELECTED_KEY);
    this.symbol.set(remembered ?? symbols[0] ?? '');
    const followed = this.symbol.value ? [...new Set([...symbols, this.symbol.value])] : symbols;
    this.socket.follow(followed);
    if (pageConfig().signed_in) {
      this.socket.join('user', (frame) => this.userFrame(frame), () => this.userResync());
    }
    this.socket.start();
    await this.loadAll(followed);
    this.recoverWhenBack(followed);
    if (pageConfig().signed_in) window.setInterval(() => void this.refreshEquity(), EQUITY_EVERY_MS);
  }

  private async loadAll(symbols: string[]): Promise<void> {
    await Promise.allSettled([
      this.loadInstruments(symbols),
      this.loadQuotes(symbols),
      pageConfig().signed_in ? this.loadPortfolios() : Promise.resolve(),
    ]);
  }

  /** After the line was down, read again what streams do not repeat: bars, lists, figures. */
  private recoverWhenBack(symbols: string[]): void {
    let wasDown = this.socket.health.value === 'offline';
    this.socket.health.watch((health) => {
      if (health === 'offline') wasDown = true;
      if (health !== 'live' || !wasDown) return;
      wasDown = false;
      void this.loadAll(symbols);
      window.dispatchEvent(new CustomEvent('line-recovered'));
    });
  }

  quote(symbol: string): Quote | undefined {
    return this.quotes.get(symbol);
  }

  onQuote(listener: (quote: Quote) => void): () => void {
    this.quoteListeners.add(listener);
    for (const quote of this.quotes.values()) listener(quote);
    return () => this.quoteListeners.delete(listener);
  }

  /** Hear every frame of the user's own stream. */
  onUser(listener: (frame: Frame) => void): () => void {
    this.userListeners.add(listener);
    return () => this.userListeners.delete(listener);
  }

  /** Keep up with the user's own things: hear of each change, and load anew when some may have been missed. */
  keepUp(follower: { heard(frame: Frame): void; load(): Promise<void> }): void {
    this.onUser((frame) => follower.heard(frame));
    for (const name of ['user-resync', 'line-recovered']) {
      window.addEventListener(name, () => void follower.load());
    }
    void follower.load();
  }

  /** Follow further symbols: their quotes from now on, their names and prices of now. */
  async watch(symbols: string[]): Promise<void> {
    this.socket.follow(symbols);
    await Promise.allSettled([this.loadInstruments(symbols), this.loadQuotes(symbols)]);
  }

  instrument(symbol: string): Instrument | undefined {
    return this.instruments.value.get(symbol);
  }

  openOrders(symbol: string): Order[] {
    return (this.orders.value ?? []).filter((order) => order.symbol === symbol && isOpen(order));
  }

  currencyOf(symbol: string): string {
    const told = this.instrument(symbol)?.currency ?? this.quotes.get(symbol)?.currency;
    return told ?? (isKoreanCode(symbol) ? 'KRW' : 'USD');
  }

  isIndex(symbol: string): boolean {
    return this.instrument(symbol)?.asset_type === 'INDEX';
  }

  /** The unit of its prices: a currency, or the points of an index. */
  unitOf(symbol: string): string {
    return this.isIndex(symbol) ? POINTS : this.currencyOf(symbol);
  }

  exchangeOf(symbol: string): string {
    return this.instrument(symbol)?.exchange ?? (isKoreanCode(symbol) ? 'KRX' : 'NASDAQ');
  }

  async select(symbol: string): Promise<void> {
    if (!symbol || symbol === this.symbol.value) return;
    if (!this.quotes.has(symbol)) {
      await this.watch([symbol]);
    }
    window.localStorage.setItem(SELECTED_KEY, symbol);
    this.symbol.set(symbol);
  }

  ask(question: string): void {
    this.question.set(question);
  }

  private quoteArrived(quote: Quote): void {
    if (!quote?.symbol) return;
    this.quotes.set(quote.symbol, quote);
    for (const listener of this.quoteListeners) listener(quote);
    const at = performance.now();
    this.freshness.take(quote.symbol, quote, at);
    const isStale = this.freshness.ageOf(quote.symbol, at) !== null;
    if (isStale !== this.stale.value.has(quote.symbol)) this.judgeAges();
  }

  private judgeAges(): void {
    const ages = this.freshness.stale(performance.now());
    if (ages.size || this.stale.value.size) this.stale.set(ages);
  }

  async loadQuotes(symbols: string[]): Promise<void> {
    const path = `/api/market/quotes?symbols=${encodeURIComponent(symbols.join(','))}`;
    for (const quote of await api.getList<Quote>(path)) {
      if (!this.quotes.has(quote.symbol)) this.quoteArrived(quote);
    }
  }

  /** Many at once from the first page of the list, the rest one by one. */
  async loadInstruments(symbols: string[]): Promise<void> {
    if (symbols.length > FEW) {
      this.remember(await api.getList<Instrument>('/api/market/instruments?limit=200'));
    }
    const missing = symbols.filter((symbol) => !this.instruments.value.has(symbol));
    const path = '/api/market/instruments/';
    const asked = missing.map((one) => api.get<Instrument>(path + encodeURIComponent(one)));
    const answers = await Promise.allSettled(asked);
    this.remember(answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
  }

  async search(text: string, signal: AbortSignal): Promise<Instrument[]> {
    const path = `/api/market/instruments?search=${encodeURIComponent(text)}&limit=12`;
    const found = await api.getList<Instrument>(path, signal);
    this.remember(found);
    return found;
  }

  private remember(found: Instrument[]): void {
    const known = new Map(this.instruments.value);
    for (const instrument of found) {
      const name = pageConfig().language === 'ko' ? instrument.name_ko : instrument.name_en;
      known.set(instrument.symbol, { ...instrument, name: name ?? instrument.name });
    }
    this.instruments.set(known);
  }

  async loadPortfolios(): Promise<void> {
    try {
      const portfolios = await api.getList<Portfolio>('/api/portfolio/portfolios');
      this.portfolios.set(portfolios);
      const wanted = portfolios.find((one) => one.id === this.portfolio.value?.id) ?? portfolios[0];
      if (wanted) await this.choosePortfolio(wanted.id);
      this.problem.set('');
    } catch (error) {
      this.problem.set(api.explained(error));
    }
  }

  async choosePortfolio(id: string): Promise<void> {
    const path = `/api/portfolio/portfolios/${id}`;
    const [portfolio, positions, orders] = await Promise.all([
      api.get<Portfolio>(path),
      api.getList<Position>(`${path}/positions`),
      api.getList<Order>(`${path}/orders?limit=100`),
    ]);
    this.portfolio.set(portfolio);
    this.orders.set(orders);
    this.setPositions(positions);
  }

  private setPositions(positions: Position[]): void {
    const missing = positions.map((one) => one.symbol).filter((symbol) => !this.quotes.has(symbol));
    this.positions.set(positions);
    if (!missing.length) return;
    void this.watch(missing);
  }

  refreshSoon(): void {
    window.clearTimeout(this.refreshTimer);
    this.refreshTimer = window.setTimeout(() => void this.refresh(), REFRESH_AFTER_MS);
  }

  private async refresh(): Promise<void> {
    const id = this.portfolio.value?.id;
    try {
      await (id ? this.choosePortfolio(id) : this.loadPortfolios());
      this.problem.set('');
    } catch (error) {
      this.problem.set(api.explained(error));
    }
  }

  private async refreshEquity(): Promise<void> {
    const id = this.portfolio.value?.id;
    if (!id || document.hidden) return;
    try {
      this.portfolio.set(await api.get<Portfolio>(`/api/portfolio/portfolios/${id}`));
    } catch {
      // The next tick tries again; the socket badge already says that the line is down.
    }
  }

  private userResync(): void {
    this.refreshSoon();
    window.dispatchEvent(new CustomEvent('user-resync'));
  }

  private userFrame(frame: Frame): void {
    for (const listener of this.userListeners) listener(frame);
    if (frame.type !== 'portfolio') return;
    const data = frame.data as PortfolioNews;
    const current = this.portfolio.value?.id;
    if (current && data.portfolio_id && data.portfolio_id !== current) return;
    if (data.order) this.orderSeen(data.order);
    if (data.position) this.positionSeen(data.position);
    if (data.symbol_change) {
      announce(_('{symbol} is now {new_symbol}.', data.symbol_change));
    }
    if (data.instrument_ended) {
      announce(_('{symbol} is no longer traded. Your position keeps its last price.', data.instrument_ended), 'bad');
    }
    if (data.equity && current) this.portfolio.set({ ...this.portfolio.value, ...data.equity });
    window.dispatchEvent(new CustomEvent('portfolio-event', { detail: data }));
    this.refreshSoon();
  }

  private positionSeen(position: Position): void {
    const others = (this.positions.value ?? []).filter((one) => one.symbol !== position.symbol);
    const all = [...others, position].sort((a, b) => a.symbol.localeCompare(b.symbol));
    this.setPositions(all);
  }

  /** Put one order in its place; a later state of the same order replaces the earlier one. */
  orderSeen(order: Order): void {
    const known = this.orders.value ?? [];
    const isNew = known.every((one) => one.id !== order.id);
    this.orders.set(isNew ? [order, ...known] : known.map((one) => (one.id === order.id ? order : one)));
    this.refreshSoon();
  }
}

let desk: Desk | null = null;

/** The one desk of this page, shared by its components. */
export function theDesk(): Desk {
  desk ??= new Desk(pageConfig().signed_in ? '/ws' : '/ws/market');
  return desk;
}
