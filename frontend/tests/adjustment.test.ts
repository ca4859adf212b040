import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useTexts } from '../src/lib/i18n.ts';
import { adjustmentText, isToldAdjusted, leftOutText } from '../src/lib/adjustment.ts';

useTexts({});

const told = (source: string, adjusted: string[] = [], leftOut: string[] = []) => ({
  source,
  adjusted_sources: adjusted,
  actions_left_out: leftOut,
});

test('each adjustment has a name of its own', () => {
  assert.equal(new Set((['RAW', 'SPLIT', 'ALL'] as const).map(adjustmentText)).size, 3);
});

test('bars are never called raw where their sources tell adjusted prices only', () => {
  assert.equal(isToldAdjusted(told('SAMPLE', ['SAMPLE'])), true);
  assert.equal(isToldAdjusted(told('CSV_ADJ+SAMPLE', ['CSV_ADJ', 'SAMPLE'])), true);
  assert.equal(isToldAdjusted(told('CSV+SAMPLE', ['SAMPLE'])), false);
  assert.equal(isToldAdjusted(told('KIS')), false);
  assert.equal(isToldAdjusted(told('')), false);
});

test('what the choice does not hold for is said', () => {
  assert.deepEqual(leftOutText(told('KIS')), []);
  assert.deepEqual(leftOutText(told('SAMPLE', ['SAMPLE'])), []);
  assert.match(leftOutText(told('CSV+SAMPLE', ['SAMPLE'])).join(), /SAMPLE/);
  assert.match(leftOutText(told('CSV', [], ['2020-08-31'])).join(), /2020-08-31/);
});
