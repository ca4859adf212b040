// One shared socket: joins streams, resumes them after a drop, and knows when it has gone quiet.
import { backoff } from './backoff.ts';
import { Cell } from './cell.ts';
import { Cursor } from './cursor.ts';
import type { Frame } from './types.ts';

export type Health = 'connecting' | 'live' | 'stale' | 'offline' | 'ended';

const STALE_AFTER_MS = 5_000;
const DEAD_AFTER_MS = 40_000;
const PING_EVERY_MS = 15_000;
const CLOSE_UNAUTHENTICATED = 4401;
const MOST_SYMBOLS = 190;

interface Joined {
  cursor: Cursor;
  onFrame: (frame: Frame) => void;
  onResync: () => void;
  wasJoined: boolean;
  maySkip: boolean;
}

export class LiveSocket {
  readonly health = new Cell<Health>('connecting');
  private readonly path: string;
  private socket: WebSocket | null = null;
  private attempt = 0;
  private lastFrameAt = 0;
  private lastMarketAt = 0;
  private lastPingAt = 0;
  private retryTimer = 0;
  private symbols = new Map<string, number>();
  private marketCursors = new Map<string, Cursor>();
  private streams = new Map<string, Joined>();
  private marketListeners = new Set<(data: unknown) => void>();
  private errorListeners = new Set<(frame: Frame) => void>();

  constructor(path: string) {
    this.path = path;
    window.setInterval(() => this.watch(), 1_000);
    window.addEventListener('online', () => this.retryNow());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.retryNow();
    });
  }

  start(): void {
    if (this.socket || this.health.value === 'ended') return;
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}${this.path}`);
    this.socket = socket;
    socket.addEventListener('open', () => this.opened());
    socket.addEventListener('message', (event) => this.received(String(event.data)));
    socket.addEventListener('close', (event) => this.closed(socket, event.code));
  }

  onMarket(listener: (data: unknown) => void): () => void {
    this.marketListeners.add(listener);
    return () => this.marketListeners.delete(listener);
  }

  onError(listener: (frame: Frame) => void): () => void {
    this.errorListeners.add(listener);
    return () => this.errorListeners.delete(listener);
  }

  /** Count users of a symbol, so that one component's leave does not silence another's. */
  follow(symbols: string[]): () => void {
    const added: string[] = [];
    for (const symbol of symbols) {
      const users = this.symbols.get(symbol) ?? 0;
      if (!users && this.symbols.size >= MOST_SYMBOLS) continue;
      this.symbols.set(symbol, users + 1);
      if (!users) added.push(symbol);
    }
    if (added.length) this.send({ type: 'subscribe', symbols: added });
    return () => this.unfollow(symbols);
  }

  private unfollow(symbols: string[]): void {
    const gone: string[] = [];
    for (const symbol of symbols) {
      const users = (this.symbols.get(symbol) ?? 1) - 1;
      if (users > 0) this.symbols.set(symbol, users);
      else if (this.symbols.delete(symbol)) gone.push(symbol);
    }
    if (gone.length) this.send({ type: 'unsubscribe', symbols: gone });
  }

  join(stream: string, onFrame: (frame: Frame) => void, onResync: () => void): () => void {
    return this.enter(stream, { cursor: new Cursor(), onFrame, onResync, wasJoined: false, maySkip: false });
  }

  /** Join a stream of which only the newest frame matters. */
  joinNewest(stream: string, onFrame: (frame: Frame) => void): () => void {
    const onResync = (): void => undefined;
    return this.enter(stream, { cursor: new Cursor(), onFrame, onResync, wasJoined: false, maySkip: true });
  }

  private enter(stream: string, joined: Joined): () => void {
    this.streams.set(stream, joined);
    this.resume(stream);
    return () => {
      this.streams.delete(stream);
      this.send({ type: 'unsubscribe', streams: [stream] });
    };
  }

  send(frame: Record<string, unknown>): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Join for the first time, or take up a stream where it was left. */
  private resume(stream: string): void {
    const place = this.streams.get(stream)?.cursor.position;
    if (place === undefined) return;
    this.send(place ? { type: 'resume', stream, ...place } : { type: 'subscribe', streams: [stream] });
  }

  private opened(): void {
    this.lastFrameAt = performance.now();
    this.lastPingAt = this.lastFrameAt;
    this.lastMarketAt = this.lastFrameAt;
    this.health.set('live');
    if (this.symbols.size) this.send({ type: 'subscribe', symbols: [...this.symbols.keys()] });
    for (const stream of this.streams.keys()) this.resume(stream);
  }

  private received(text: string): void {
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    // Only a server that talks counts as back: one that accepts and closes must not be hammered.
    this.attempt = 0;
    this.lastFrameAt = performance.now();
    if (frame.type === 'market' || !this.symbols.size) this.lastMarketAt = this.lastFrameAt;
    if (this.health.value === 'stale' && this.lastMarketAt === this.lastFrameAt) {
      this.health.set('live');
    }
    this.dispatch(frame);
  }

  private dispatch(frame: Frame): void {
    if (frame.type === 'market') this.marketFrame(frame);
    else if (frame.type === 'error') for (const listener of this.errorListeners) listener(frame);
    else if (frame.type === 'subscribed') this.joined(frame);
    else if (frame.type === 'heartbeat') this.heartbeat(frame);
    else if (frame.type === 'resync_required') this.resynced(frame);
    else if (frame.stream) this.streamFrame(frame);
  }

  private marketFrame(frame: Frame): void {
    const stream = frame.stream ?? '';
    const cursor = this.marketCursors.get(stream) ?? new Cursor();
    this.marketCursors.set(stream, cursor);
    if (cursor.judge(frame, true) === 'old') return;
    for (const listener of this.marketListeners) listener(frame.data);
  }

  private streamFrame(frame: Frame): void {
    const joined = this.streams.get(frame.stream ?? '');
    if (!joined) return;
    const verdict = joined.cursor.judge(frame, joined.maySkip);
    if (verdict === 'next') joined.onFrame(frame);
    else if (verdict === 'gap') this.resume(frame.stream ?? '');
    else if (verdict === 'new-epoch') {
      joined.onResync();
      joined.onFrame(frame);
    }
  }

  private resynced(frame: Frame): void {
    const joined = this.streams.get(frame.stream ?? '');
    if (!joined) return;
    joined.cursor.moveTo(frame.epoch, frame.seq);
    joined.onResync();
  }

  /** A first join starts where the stream stands now; the REST snapshot holds what came before. */
  private joined(frame: Frame): void {
    for (const stream of Array.isArray(frame.streams) ? frame.streams : []) {
      const joined = this.streams.get(stream);
      if (!joined || joined.cursor.position) continue;
      const place = joined.maySkip ? undefined : frame.positions?.[stream];
      if (place) joined.cursor.moveTo(place.epoch, place.seq);
      // Joined before without a place to resume from: what came meanwhile stands in REST only.
      if (joined.wasJoined) joined.onResync();
      joined.wasJoined = true;
    }
  }

  /** The heartbeat names the last number of each stream: a silent loss shows here. */
  private heartbeat(frame: Frame): void {
    if (!frame.streams || Array.isArray(frame.streams)) return;
    for (const [stream, head] of Object.entries(frame.streams)) {
      if (this.streams.get(stream)?.cursor.isBehind(head.epoch, head.seq)) this.resume(stream);
    }
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.socket = null;
    if (code === CLOSE_UNAUTHENTICATED) {
      this.health.set('ended');
      window.dispatchEvent(new CustomEvent('session-ended'));
      return;
    }
    this.health.set('offline');
    window.clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => this.start(), backoff(this.attempt));
    this.attempt += 1;
  }

  private retryNow(): void {
    if (this.socket || this.health.value === 'ended') return;
    window.clearTimeout(this.retryTimer);
    this.start();
  }

  private watch(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const now = performance.now();
    if (now - this.lastFrameAt > DEAD_AFTER_MS) {
      const socket = this.socket;
      this.closed(socket, 1006);
      socket.close();
      return;
    }
    const isQuiet = this.symbols.size > 0 && now - this.lastMarketAt > STALE_AFTER_MS;
    if (isQuiet && this.health.value === 'live') this.health.set('stale');
    if (now - this.lastPingAt > PING_EVERY_MS) {
      this.lastPingAt = now;
      this.send({ type: 'ping' });
    }
  }
}
