import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Costs, TickBand } from '../src/lib/config.ts';
import { Decimal } from '../src/lib/decimal.ts';
import { affordable, estimate, isOnTick, stepPrice, tickAt } from '../src/lib/rules.ts';

const d = (text: string): Decimal => Decimal.of(text);

const KRX: TickBand[] = [
  { from: '0', tick: '1' },
  { from: '2000', tick: '5' },
  { from: '5000', tick: '10' },
  { from: '20000', tick: '50' },
  { from: '50000', tick: '100' },
];
const KOREAN: Costs = {
  commission: '0.00015',
  sell_tax: '0.0020',
  untaxed: ['ETF'],
  digits: 0,
  rounding: 'down',
};
const AMERICAN: Costs = {
  commission: '0.0025',
  sell_tax: '0',
  untaxed: [],
  digits: 2,
  rounding: 'half-up',
};

test('the tick is that of the band', () => {
  assert.equal(tickAt(KRX, d('1999'))?.toString(), '1');
  assert.equal(tickAt(KRX, d('2000'))?.toString(), '5');
  assert.equal(tickAt(KRX, d('987654'))?.toString(), '100');
  assert.equal(isOnTick(KRX, d('2001')), false);
  assert.equal(isOnTick(KRX, d('2005')), true);
  assert.equal(isOnTick(undefined, d('2001')), true);
});

test('steps walk the grid across the edge of a band in both directions', () => {
  const up = ['1999', '2000', '2005'];
  for (const [at, price] of up.slice(0, -1).entries()) {
    assert.equal(stepPrice(KRX, d(price), 1).toPlain(), up[at + 1]);
    assert.equal(stepPrice(KRX, d(up[at + 1] ?? ''), -1).toPlain(), price);
  }
  assert.equal(stepPrice(KRX, d('2003'), 1).toPlain(), '2005');
  assert.equal(stepPrice(KRX, d('2003'), -1).toPlain(), '2000');
  assert.equal(stepPrice(KRX, d('1'), -1).toPlain(), '1');
});

test('a Korean sell pays commission and tax, cut to the won', () => {
  const sums = estimate('SELL', d('3'), d('123700'), KOREAN);
  assert.equal(sums.notional.toString(), '371100');
  assert.equal(sums.commission.toString(), '55');
  assert.equal(sums.tax.toString(), '742');
  assert.equal(sums.total.toString(), '370303');
  assert.equal(estimate('SELL', d('3'), d('123700'), KOREAN, 'ETF').tax.isZero, true);
});

test('an American buy pays commission, rounded to the cent', () => {
  const sums = estimate('BUY', d('19'), d('251.01'), AMERICAN);
  assert.equal(sums.commission.toString(), '11.92');
  assert.equal(sums.tax.isZero, true);
  assert.equal(sums.total.toString(), '4781.11');
});

test('what is affordable is paid for, one more is not', () => {
  for (const [cash, price] of [
    ['1000000', '123700'],
    ['371155', '123700'],
    ['371154', '123700'],
    ['50000000', '57'],
  ] as const) {
    const most = affordable(d(cash), d(price), d('1'), KOREAN);
    const cost = (quantity: Decimal): Decimal => estimate('BUY', quantity, d(price), KOREAN).total;
    assert.equal(cost(most).compare(d(cash)) <= 0, true);
    assert.equal(cost(most.plus(d('1'))).compare(d(cash)) > 0, true);
  }
  assert.equal(affordable(d('371155'), d('123700'), d('1'), KOREAN).toString(), '3');
  assert.equal(affordable(d('371154'), d('123700'), d('1'), KOREAN).toString(), '2');
  assert.equal(affordable(d('0'), d('10'), d('1'), KOREAN).isZero, true);
  assert.equal(affordable(d('99999'), d('10'), d('100'), KOREAN).isMultipleOf(d('100')), true);
});
