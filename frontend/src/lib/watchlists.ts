// The user's watchlists: read once, then replaced as the user stream tells.
import * as api from './api.ts';
import { Cell } from './cell.ts';
import { type Desk, theDesk } from './desk.ts';
import { announce } from './dom.ts';
import { gettext as _ } from './i18n.ts';
import { type Watchlist, merged, moved } from './lists.ts';
import type { Frame } from './types.ts';

const PATH = '/api/market/watchlists';
const CHOSEN_KEY = 'trade.watchlist';

interface News {
  kind: string;
  id?: string;
  watchlist?: Watchlist;
}

export class Watchlists {
  readonly lists = new Cell<Watchlist[]>([]);
  readonly chosen = new Cell<string>(window.localStorage.getItem(CHOSEN_KEY) ?? '');
  private desk: Desk;

  constructor(desk: Desk) {
    this.desk = desk;
    desk.keepUp(this);
  }

  get current(): Watchlist | undefined {
    return this.lists.value.find((one) => one.id === this.chosen.value) ?? this.lists.value[0];
  }

  get symbols(): string[] {
    return (this.current?.items ?? []).map((item) => item.symbol);
  }

  choose(id: string): void {
    window.localStorage.setItem(CHOSEN_KEY, id);
    this.chosen.set(id);
    this.show(this.lists.value);
  }

  async load(): Promise<void> {
    await this.told(async () => this.show(await api.getList<Watchlist>(PATH)));
  }

  async make(name: string): Promise<void> {
    await this.told(async () => {
      const made = await api.call<Watchlist>('POST', PATH, { body: { name } });
      this.took(made);
      this.choose(made.id);
    });
  }

  async rename(name: string): Promise<void> {
    await this.change('PATCH', '', { name });
  }

  async remove(): Promise<void> {
    const current = this.current;
    if (!current) return;
    await this.told(async () => {
      await api.call('DELETE', `${PATH}/${current.id}`);
      await this.load();
    });
  }

  async add(symbol: string): Promise<void> {
    await this.change('POST', '/items', { symbol });
  }

  async drop(symbol: string): Promise<void> {
    await this.change('DELETE', `/items/${encodeURIComponent(symbol)}`);
  }

  async place(symbol: string, before: string): Promise<void> {
    const current = this.current;
    const symbols = moved(this.symbols, symbol, before);
    if (!current || symbols.join() === this.symbols.join()) return;
    await this.change('PUT', '/items', { version: current.version, symbols });
  }

  private async change(method: string, path: string, body?: unknown): Promise<void> {
    const current = this.current;
    if (!current) return;
    await this.told(async () => {
      this.took(await api.call<Watchlist>(method, `${PATH}/${current.id}${path}`, body ? { body } : {}));
    });
  }

  private async told(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      announce(api.explained(error), 'bad');
      if (error instanceof api.ApiError && error.status === 409) await this.load();
    }
  }

  private took(list: Watchlist): void {
    this.show(merged(this.lists.value, list));
  }

  heard(frame: Frame): void {
    if (frame.type !== 'watchlist') return;
    const news = frame.data as News;
    if (news.watchlist) this.took(news.watchlist);
    else this.show(this.lists.value.filter((one) => one.id !== news.id));
  }

  private show(lists: Watchlist[]): void {
    this.lists.set(lists);
    const missing = this.symbols.filter((symbol) => !this.desk.quote(symbol));
    if (missing.length) void this.desk.watch(missing);
  }
}

let watchlists: Watchlists | null = null;

export function theWatchlists(): Watchlists {
  watchlists ??= new Watchlists(theDesk());
  return watchlists;
}

export const newListName = (count: number): string => _('Watchlist {number}', { number: count + 1 });
