import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decimal } from '../src/lib/decimal.ts';

const d = (text: string): Decimal => Decimal.of(text);

test('plain decimals are read exactly', () => {
  assert.equal(d('123456789012345678.123456').toString(), '123456789012345678.123456');
  assert.equal(d('1,234,567').toString(), '1234567');
  assert.equal(d('-0.50').toPlain(), '-0.5');
  assert.equal(d('100').toPlain(), '100');
});

test('anything else is not a number', () => {
  for (const text of ['', ' ', 'NaN', '1e5', 'Infinity', '.5', '1.', '--1', '1.2.3', '0x10', '１２']) {
    assert.equal(Decimal.parse(text), null, text);
  }
});

test('sums and products keep the last digit', () => {
  assert.equal(d('0.1').plus(d('0.2')).toString(), '0.3');
  assert.equal(d('251.0125').times(d('9')).toString(), '2259.1125');
  assert.equal(d('5').minus(d('7.25')).toString(), '-2.25');
});

test('rounding is half away from zero, or a cut', () => {
  assert.equal(d('2.345').round(2).toString(), '2.35');
  assert.equal(d('-2.345').round(2).toString(), '-2.35');
  assert.equal(d('2.349').round(2, 'down').toString(), '2.34');
  assert.equal(d('-2.349').round(2, 'down').toString(), '-2.34');
  assert.equal(d('1.5').round(0).toString(), '2');
  assert.equal(d('7').round(2).toString(), '7.00');
});

test('multiples and snapping follow the step', () => {
  assert.equal(d('123700').isMultipleOf(d('100')), true);
  assert.equal(d('123750').isMultipleOf(d('100')), false);
  assert.equal(d('0.03').isMultipleOf(d('0.01')), true);
  assert.equal(d('123750').snap(d('100'), -1).toString(), '123700');
  assert.equal(d('123750').snap(d('100'), 1).toString(), '123800');
  assert.equal(d('123700').snap(d('100'), 1).toString(), '123700');
  assert.equal(d('-3').snap(d('2'), -1).toString(), '-4');
});

test('comparison does not care about trailing zeros', () => {
  assert.equal(d('1.50').compare(d('1.5')), 0);
  assert.equal(d('1.49').compare(d('1.5')), -1);
  assert.equal(d('-1').sign, -1);
});
