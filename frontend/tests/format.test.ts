import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../src/lib/format.ts';
import { gettext, useTexts } from '../src/lib/i18n.ts';

test('money has the digits of its currency, exact beyond what a float holds', () => {
  format.useLocale('en');
  assert.equal(format.money('12345678901234567', 'KRW'), '₩12,345,678,901,234,567');
  assert.equal(format.money('-1234.5', 'USD'), '−$1,234.50');
  assert.equal(format.signedMoney('10', 'USD'), '+$10.00');
  assert.equal(format.signedMoney('0.001', 'USD'), '$0.00');
  assert.equal(format.money(null, 'USD'), '–');
});

test('prices, shares and percent', () => {
  assert.equal(format.price('123700', 'KRW'), '123,700');
  assert.equal(format.price('251', 'USD'), '251.00');
  assert.equal(format.price('0.1234', 'USD'), '0.1234');
  assert.equal(format.quantity('10.00000000'), '10');
  assert.equal(format.percent(0.0123), '+1.23%');
  assert.equal(format.percent(-0.0123), '−1.23%');
  assert.equal(format.percent(-0.00001), '0.00%');
  assert.equal(format.percent(null), '–');
});

test('an age has the one unit that says enough, rounded down', () => {
  format.useLocale('en');
  const ages = [-5, 59_999, 60_000, 3_599_999, 7_200_000, 172_799_999, 172_800_000];
  assert.deepEqual(ages.map(format.age), ['0 sec', '59 sec', '1 min', '59 min', '2 hr', '47 hr', '2 days']);
  format.useLocale('ko');
  assert.deepEqual([61_000, 200_000_000].map(format.age), ['1분', '2일']);
  format.useLocale('en');
});

test('texts are translated and their placeholders filled, once', () => {
  useTexts({ 'You hold {held} shares.': '보유 수량은 {held}주입니다.' });
  assert.equal(gettext('You hold {held} shares.', { held: 3 }), '보유 수량은 3주입니다.');
  assert.equal(gettext('Not translated'), 'Not translated');
  assert.equal(gettext('{a} {b}', { a: '{b}', b: 'x' }), '{b} x');
});
