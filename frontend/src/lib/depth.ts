// What an order book shows: how full each level is, and how buyers and sellers balance.
import type { Level } from './types.ts';

/** The share of the largest level that each level has, from 0 to 1. */
export function fullness(levels: Level[], others: Level[]): number[] {
  const most = Math.max(1, ...[...levels, ...others].map(([, size]) => size));
  return levels.map(([, size]) => size / most);
}

/** The bids' share of all shares that wait, from 0 to 1; null when nobody waits. */
export function balance(asks: Level[], bids: Level[]): number | null {
  const [ask, bid] = [total(asks), total(bids)];
  return ask + bid > 0 ? bid / (ask + bid) : null;
}

export function total(levels: Level[]): number {
  return levels.reduce((sum, [, size]) => sum + size, 0);
}
