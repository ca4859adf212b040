// Numbers and times as the reader's language writes them.
import { Decimal } from './decimal.ts';

const CURRENCY_DIGITS: Record<string, number> = { KRW: 0, USD: 2 };
const SYMBOLS: Record<string, string> = { KRW: '₩', USD: '$' };
const DASH = '–';

/** The unit of an index, which stands for no money. */
export const POINTS = '';

let locale = 'en-US';

export function useLocale(language: string): void {
  locale = language === 'ko' ? 'ko-KR' : 'en-US';
}

function grouped(value: Decimal, least: number, most: number): string {
  const form = new Intl.NumberFormat(locale, {
    minimumFractionDigits: least,
    maximumFractionDigits: most,
  });
  const digits = Math.min(most, Math.max(least, value.scale));
  return form.format(value.round(digits).toString() as never).replace('-', '−');
}

export function digitsOf(currency: string): number {
  return CURRENCY_DIGITS[currency] ?? 2;
}

export function money(amount: string | Decimal | null | undefined, currency: string): string {
  if (amount === null || amount === undefined) return DASH;
  const value = typeof amount === 'string' ? Decimal.parse(amount) : amount;
  if (!value) return DASH;
  const digits = digitsOf(currency);
  const rounded = value.round(digits);
  const size = rounded.sign < 0 ? Decimal.ZERO.minus(rounded) : rounded;
  const sign = rounded.sign < 0 ? '−' : '';
  return `${sign}${SYMBOLS[currency] ?? `${currency} `}${grouped(size, digits, digits)}`;
}

export function signedMoney(amount: string | Decimal | null | undefined, currency: string): string {
  const value = typeof amount === 'string' ? Decimal.parse(amount) : amount;
  if (!value) return DASH;
  return `${value.round(digitsOf(currency)).sign > 0 ? '+' : ''}${money(value, currency)}`;
}

/** A price without its currency sign: tables and the ticket show it beside the symbol. */
export function price(value: string | Decimal | null | undefined, currency: string): string {
  const parsed = typeof value === 'string' ? Decimal.parse(value) : value;
  if (!parsed) return DASH;
  const digits = digitsOf(currency);
  return grouped(parsed, digits, Math.max(digits, currency === 'KRW' ? 0 : 4));
}

export function signedPrice(value: string | null | undefined, currency: string): string {
  const parsed = Decimal.parse(value);
  if (!parsed) return DASH;
  const size = parsed.sign < 0 ? Decimal.ZERO.minus(parsed) : parsed;
  const sign = parsed.sign > 0 ? '+' : parsed.sign < 0 ? '−' : '';
  return sign + price(size, currency);
}

export function quantity(value: string | number | null | undefined): string {
  const parsed = Decimal.parse(value);
  return parsed ? grouped(Decimal.of(parsed.toPlain()), 0, 8) : DASH;
}

export function plain(value: number, digits: number): string {
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
    .format(value)
    .replace('-', '−');
}

/** 12,345,678 becomes 12.3M (in ten thousands in Korean). */
export function compact(value: string | number | null | undefined): string {
  const number = Number(value);
  if (value === null || value === undefined || !Number.isFinite(number)) return DASH;
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(number);
}

/** The API sends fractions; people read percent. */
export function percent(fraction: number | null | undefined, signed = true): string {
  if (fraction === null || fraction === undefined || !Number.isFinite(fraction)) return DASH;
  const rounded = Math.round(fraction * 10000) / 10000;
  const text = new Intl.NumberFormat(locale, {
    style: 'percent',
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(Math.abs(rounded));
  const sign = rounded < 0 ? '−' : rounded > 0 && signed ? '+' : '';
  return sign + text;
}

export function direction(value: number | string | null | undefined): 'up' | 'down' | 'flat' {
  const number = Number(value ?? 0);
  return number > 0 ? 'up' : number < 0 ? 'down' : 'flat';
}

export function dateTime(iso: string | null | undefined, seconds = false): string {
  if (!iso) return DASH;
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return DASH;
  return new Intl.DateTimeFormat(locale, {
    year: '2-digit',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(seconds ? { second: '2-digit' } : {}),
  }).format(time);
}

/** How long ago, in the one unit that says enough. */
export function age(ms: number): string {
  const [size, unit] =
    ms < 60_000 ? [1_000, 'second'] : ms < 3_600_000 ? [60_000, 'minute'] : ms < 172_800_000 ? [3_600_000, 'hour'] : [86_400_000, 'day'];
  const form = new Intl.NumberFormat(locale, { style: 'unit', unit: unit as string, unitDisplay: 'short' });
  return form.format(Math.max(0, Math.floor(ms / (size as number))));
}

export function clockTime(iso: string | null | undefined): string {
  if (!iso) return DASH;
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? DASH
    : new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23' }).format(time);
}
