import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balance, fullness, total } from '../src/lib/depth.ts';
import type { Level } from '../src/lib/types.ts';

const asks: Level[] = [
  ['70100', 50],
  ['70200', 100],
];
const bids: Level[] = [['70000', 200]];

test('levels are measured against the largest of both sides', () => {
  assert.deepEqual(fullness(asks, bids), [0.25, 0.5]);
  assert.deepEqual(fullness(bids, asks), [1]);
  assert.deepEqual(fullness([], asks), []);
});

test('the balance is the share of the bids', () => {
  assert.equal(total(asks), 150);
  assert.equal(balance(asks, bids), 200 / 350);
  assert.equal(balance(asks, []), 0);
  assert.equal(balance([], []), null);
});
