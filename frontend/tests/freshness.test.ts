import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Freshness, staleAge } from '../src/lib/freshness.ts';

const told = (ageMs: number, allowedS = 30) => ({
  age_ms: ageMs,
  received_at: '2026-11-24T10:00:00+09:00',
  stale_at: new Date(Date.parse('2026-11-24T01:00:00Z') + allowedS * 1000).toISOString(),
});

test('a price is stale when it is older than the server allows, and not before', () => {
  assert.equal(staleAge(told(30_000)), null);
  assert.equal(staleAge(told(30_001)), 30_001);
  assert.equal(staleAge(told(1_000), 29_000), null);
  assert.equal(staleAge(told(1_000), 29_001), 30_001);
});

test('between sessions the last close stands until the next one opens', () => {
  const nightS = 17.5 * 3600;
  assert.equal(staleAge(told(8 * 3_600_000, nightS)), null);
  assert.equal(staleAge(told(18 * 3_600_000, nightS)), 18 * 3_600_000);
});

test('of what the server says nothing, nothing is claimed', () => {
  assert.equal(staleAge({ age_ms: 10 ** 9 }), null);
});

test('time goes on here until the next word of a symbol', () => {
  const freshness = new Freshness();
  freshness.take('AAPL', told(0), 1_000);
  freshness.take('KO', told(20_000), 1_000);
  assert.deepEqual([...freshness.stale(11_001)], [['KO', 30_001]]);
  assert.deepEqual([...freshness.stale(31_001).keys()], ['AAPL', 'KO']);
  freshness.take('KO', told(0), 31_001);
  assert.deepEqual([...freshness.stale(31_001).keys()], ['AAPL']);
  assert.equal(freshness.ageOf('MSFT', 31_001), null);
});
