// How old may a price be? The server says until when each one stands; here time goes on.
import type { Quote } from './types.ts';

export type Dated = Pick<Quote, 'age_ms' | 'received_at' | 'stale_at'>;

/**
 * The age of a price that nobody confirmed in time; null while it stands. Both instants are the
 * server's, so that a wrong clock of this device makes no price old.
 */
export function staleAge(quote: Dated, waitedMs = 0): number | null {
  const age = quote.age_ms + waitedMs;
  const allowed = Date.parse(quote.stale_at ?? '') - Date.parse(quote.received_at ?? '');
  return age > allowed ? age : null;
}

/** The newest word about each symbol, and when it arrived here. */
export class Freshness {
  private told = new Map<string, { quote: Dated; at: number }>();

  take(symbol: string, quote: Dated, at: number): void {
    this.told.set(symbol, { quote, at });
  }

  ageOf(symbol: string, at: number): number | null {
    const told = this.told.get(symbol);
    return told ? staleAge(told.quote, at - told.at) : null;
  }

  /** The age of every symbol whose price is stale. */
  stale(at: number): Map<string, number> {
    const ages = [...this.told.keys()].map((symbol) => [symbol, this.ageOf(symbol, at)] as const);
    return new Map(ages.filter((one): one is readonly [string, number] => one[1] !== null));
  }
}
