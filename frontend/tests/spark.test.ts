import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spark } from '../src/lib/spark.ts';
import type { Bar, Quote } from '../src/lib/types.ts';

const bar = (time: string, close: string): Bar => ({ time, close, open: close, high: close, low: close, volume: 1 }) as Bar;
const quote = (exchange_time: string, price: string): Quote => ({ exchange_time, price }) as Quote;

test('the line spans the box from its first to its last price', () => {
  const spark = new Spark();
  spark.take([bar('2026-11-23T00:00:00Z', '100'), bar('2026-11-23T00:15:00Z', '110'), bar('2026-11-23T00:30:00Z', '105')]);
  assert.equal(spark.corners(), '0.0,22.0 48.0,2.0 96.0,12.0');
});

test('a quote moves the last point, and begins the next after a quarter of an hour', () => {
  const spark = new Spark();
  spark.follow(quote('2026-11-23T00:00:00Z', '100'));
  assert.equal(spark.corners(), '');
  spark.take([bar('2026-11-23T00:00:00Z', '100'), bar('2026-11-23T00:15:00Z', '110')]);
  spark.follow(quote('2026-11-23T00:29:59Z', '90'));
  spark.follow(quote('2026-11-23T00:30:00Z', '95'));
  spark.follow(quote('2026-11-23T00:14:00Z', '1'));
  assert.deepEqual(spark.points.map((one) => one.price), [100, 90, 95]);
});

test('prices that stand still draw a line at the bottom', () => {
  const spark = new Spark();
  spark.take([bar('2026-11-23T00:00:00Z', '100'), bar('2026-11-23T00:15:00Z', '100')]);
  assert.equal(spark.corners(), '0.0,22.0 96.0,22.0');
});
