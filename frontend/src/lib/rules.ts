// The client's mirror of the server's order checks: it warns early, the server decides.
import type { Costs, TickBand } from './config.ts';
import { Decimal } from './decimal.ts';
import type { Side } from './types.ts';

export function tickAt(bands: TickBand[] | undefined, price: Decimal): Decimal | null {
  let tick: Decimal | null = null;
  for (const band of bands ?? []) {
    if (price.compare(Decimal.of(band.from)) >= 0) tick = Decimal.parse(band.tick);
  }
  return tick;
}

export function isOnTick(bands: TickBand[] | undefined, price: Decimal): boolean {
  const tick = tickAt(bands, price);
  return tick === null || price.isMultipleOf(tick);
}

/** One tick up or down, landing on the grid even from an off-tick price or across a band. */
export function stepPrice(bands: TickBand[] | undefined, price: Decimal, direction: -1 | 1): Decimal {
  const tick = tickAt(bands, price);
  if (!tick) return price;
  if (!price.isMultipleOf(tick)) return price.snap(tick, direction);
  if (direction > 0) return price.plus(tick);
  const lower = tickAt(bands, price.minus(new Decimal(1n, Math.max(tick.scale, 6)))) ?? tick;
  const next = price.minus(lower);
  return next.sign > 0 ? next : price;
}

export interface Estimate {
  notional: Decimal;
  commission: Decimal;
  tax: Decimal;
  total: Decimal;
}

/** What the order would cost (buy) or bring (sell) at one price. */
export function estimate(
  side: Side,
  quantity: Decimal,
  price: Decimal,
  costs: Costs | undefined,
  assetType = '',
): Estimate {
  const digits = costs?.digits ?? 2;
  const charge = (rate: string | undefined): Decimal =>
    notional.times(Decimal.of(rate)).round(digits, costs?.rounding ?? 'half-up');
  const notional = quantity.times(price);
  const commission = charge(costs?.commission);
  const isTaxed = side === 'SELL' && !costs?.untaxed.includes(assetType);
  const tax = isTaxed ? charge(costs?.sell_tax) : Decimal.ZERO;
  const total = side === 'BUY' ? notional.plus(commission) : notional.minus(commission).minus(tax);
  return { notional, commission, tax, total };
}

/** The largest whole-lot quantity that the money pays for, fees included. */
export function affordable(
  available: Decimal,
  price: Decimal,
  lot: Decimal,
  costs: Costs | undefined,
): Decimal {
  if (price.sign <= 0 || lot.sign <= 0 || available.sign <= 0) return Decimal.ZERO;
  const withFee = price.times(Decimal.of('1').plus(Decimal.of(costs?.commission)));
  // Rounding of the fee can shift the answer by one lot either way, never by more.
  for (let lots = available.dividedDown(withFee.times(lot)) + 1n; lots > 0n; lots -= 1n) {
    const quantity = new Decimal(lots, 0).times(lot);
    if (estimate('BUY', quantity, price, costs).total.compare(available) <= 0) return quantity;
  }
  return Decimal.ZERO;
}
