import assert from 'node:assert/strict';
import { test } from 'node:test';

import { shownText, typedNumber } from '../src/lib/figures.ts';
import { merged, moved } from '../src/lib/lists.ts';

const list = (id: string, version: number, place = 0) => ({ id, name: id, place, version, items: [] });

test('a newer list replaces the one that is known, an older one does not', () => {
  const lists = [list('a', 2), list('b', 1, 1)];
  assert.equal(merged(lists, list('a', 1)), lists);
  assert.deepEqual(
    merged(lists, list('a', 3, 2)).map((one) => [one.id, one.version]),
    [['b', 1], ['a', 3]],
  );
  assert.deepEqual(merged(lists, list('c', 1, 9)).map((one) => one.id), ['a', 'b', 'c']);
});

test('a symbol moves before another, or to the end', () => {
  const symbols = ['A', 'B', 'C'];
  assert.deepEqual(moved(symbols, 'C', 'A'), ['C', 'A', 'B']);
  assert.deepEqual(moved(symbols, 'A', ''), ['B', 'C', 'A']);
  assert.equal(moved(symbols, 'A', 'A'), symbols);
  assert.equal(moved(symbols, 'X', 'A'), symbols);
  assert.equal(moved(symbols, 'A', 'X'), symbols);
});

test('people type percent, the server takes fractions', () => {
  assert.equal(typedNumber('5', 'rate'), 0.05);
  assert.equal(typedNumber('-2.5 %', 'rate'), -0.025);
  assert.equal(typedNumber('1,000', 'price'), 1000);
});

test('what is not known is a dash, not a zero', () => {
  assert.equal(shownText(null, 'rate'), '–');
  assert.equal(shownText(0, 'rate'), '0.00%');
  assert.equal(shownText(55.5, 'number'), '55.50');
});
