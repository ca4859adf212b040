import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Candles } from '../src/lib/candles.ts';
import type { Bar, Interval, Quote } from '../src/lib/types.ts';

const bar = (time: string, close: string): Bar => ({
  time,
  open: close,
  high: close,
  low: close,
  close,
  volume: 100,
});

const quote = (price: string, time: string, volume = 500): Quote => ({
  symbol: 'AAPL',
  price,
  bid: null,
  ask: null,
  change: null,
  change_rate: null,
  volume,
  exchange_time: time,
  age_ms: 0,
  source: 'SAMPLE',
});

const candles = (interval: Interval, exchange: string, bars: Bar[]): Candles => {
  const made = new Candles(interval, exchange);
  made.take(bars);
  return made;
};

test('a quote moves the last minute and begins the next', () => {
  const minute = candles('1m', 'NASDAQ', [bar('2026-11-20T15:00:00Z', '10')]);
  minute.follow(quote('12', '2026-11-20T15:00:30Z'));
  minute.follow(quote('9', '2026-11-20T15:00:59Z'));
  assert.deepEqual(
    [minute.last?.open, minute.last?.high, minute.last?.low, minute.last?.close],
    [10, 12, 9, 9],
  );
  minute.follow(quote('11', '2026-11-20T15:01:00Z'));
  assert.equal(minute.list.length, 2);
  assert.equal(minute.last?.open, 11);
});

test('the day of a quote is that of the exchange', () => {
  const seoul = candles('1d', 'KRX', [bar('2026-11-20', '100')]);
  seoul.follow(quote('101', '2026-11-20T14:59:00Z'));
  assert.equal(seoul.list.length, 1);
  seoul.follow(quote('102', '2026-11-20T15:01:00Z'));
  assert.equal(seoul.list.length, 2);
  const newYork = candles('1d', 'NYSE', [bar('2026-11-20', '100')]);
  newYork.follow(quote('101', '2026-11-21T02:00:00Z'));
  assert.equal(newYork.list.length, 1);
});

test('weeks begin on Monday and months on the first', () => {
  const week = candles('1w', 'NASDAQ', [bar('2026-11-16', '100')]);
  week.follow(quote('101', '2026-11-20T20:00:00Z'));
  assert.equal(week.list.length, 1);
  week.follow(quote('102', '2026-11-23T20:00:00Z'));
  assert.equal(week.list.length, 2);
  const month = candles('1mo', 'NASDAQ', [bar('2026-11-02', '100')]);
  month.follow(quote('101', '2026-11-30T20:00:00Z'));
  assert.equal(month.list.length, 1);
  month.follow(quote('102', '2026-12-01T20:00:00Z'));
  assert.equal(month.list.length, 2);
});

test('older bars go in front, once', () => {
  const day = candles('1d', 'NYSE', [bar('2026-11-19', '2'), bar('2026-11-20', '3')]);
  const older = [bar('2026-11-18', '1'), bar('2026-11-19', '2')];
  assert.equal(day.takeOlder(older), 1);
  assert.equal(day.takeOlder(older), 0);
  assert.deepEqual(day.list.map((one) => one.close), [1, 2, 3]);
  assert.equal(day.firstTime, '2026-11-18');
});

test('a quote without a usable price or time changes nothing', () => {
  const day = candles('1d', 'NYSE', [bar('2026-11-20', '3')]);
  assert.equal(day.follow(quote('what', '2026-11-20T20:00:00Z')), null);
  assert.equal(day.follow(quote('4', 'never')), null);
  assert.equal(day.last?.close, 3);
});
