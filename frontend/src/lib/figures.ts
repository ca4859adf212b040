// Figures of screens, as people read and type them.
import * as format from './format.ts';

/** A figure of a screen; rates are fractions. */
export function shownText(value: number | null, unit: string): string {
  if (value === null) return '–';
  if (unit === 'rate') return format.percent(value);
  if (unit === 'count' || unit === 'money') return format.compact(value);
  return format.plain(value, 2);
}

/** People type percent, the API takes fractions. */
export function typedNumber(text: string, unit: string): number {
  const number = Number(text.replaceAll(',', '').replace('%', '').trim());
  return unit === 'rate' ? Number((number / 100).toFixed(8)) : number;
}
