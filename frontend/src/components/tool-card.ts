// One result of an analyst tool: what was computed, from which source, as of when.
import { el } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import type { ToolCall } from '../lib/types.ts';
import { toolText } from '../lib/words.ts';

const MOST_ROWS = 14;
const HIDDEN = new Set(['source', 'as_of', 'tool']);
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:/;

function label(key: string): string {
  return key.replaceAll('_', ' ');
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') {
    return Number.isInteger(value) ? format.quantity(value) : String(Number(value.toPrecision(6)));
  }
  if (typeof value === 'boolean') return value ? _('yes') : _('no');
  if (typeof value === 'string') return ISO_TIME.test(value) ? format.dateTime(value) : value;
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  return Object.entries(value as Record<string, unknown>)
    .map(([key, inner]) => `${label(key)} ${valueText(inner)}`)
    .join(' · ');
}

function isTable(value: unknown): value is Record<string, unknown>[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
  );
}

function tableOf(rows: Record<string, unknown>[]): HTMLElement {
  const keys = Object.keys(rows[0] ?? {}).slice(0, 6);
  const head = el('tr', {}, ...keys.map((key) => el('th', { scope: 'col' }, label(key))));
  const body = rows
    .slice(0, MOST_ROWS)
    .map((row) => el('tr', {}, ...keys.map((key) => el('td', { class: 'num' }, valueText(row[key])))));
  const grid = el('table', { class: 'grid' }, el('thead', {}, head), el('tbody', {}, ...body));
  return el('div', { class: 'table-wrap' }, grid);
}

function figures(result: Record<string, unknown>): Node[] {
  const nodes: Node[] = [];
  const list = el('dl', { class: 'tool-figures' });
  for (const [key, value] of Object.entries(result)) {
    if (HIDDEN.has(key) || value === null || value === '') continue;
    if (isTable(value)) nodes.push(el('h5', {}, label(key)), tableOf(value));
    else if (list.children.length < MOST_ROWS) {
      list.append(el('div', {}, el('dt', {}, label(key)), el('dd', { class: 'num' }, valueText(value))));
    }
  }
  return list.children.length ? [list, ...nodes] : nodes;
}

function textOf(call: ToolCall, key: 'source' | 'as_of'): string {
  const inner = (call.result ?? {}) as Record<string, unknown>;
  const value = call[key] ?? inner[key];
  return typeof value === 'string' ? value : '';
}

function origin(call: ToolCall): HTMLElement {
  const [source, asOf] = [textOf(call, 'source'), textOf(call, 'as_of')];
  const isSample = source.includes('SAMPLE');
  return el(
    'footer',
    { class: 'muted' },
    source ? _('Source: {source}', { source: isSample ? _('Sample data') : source }) : '',
    asOf ? ` · ${_('as of {time}', { time: ISO_TIME.test(asOf) ? format.dateTime(asOf) : asOf })}` : '',
  );
}

export function toolCard(call: ToolCall): HTMLElement {
  const target = call.arguments ? valueText(Object.values(call.arguments).filter((v) => v !== null)) : '';
  const details = el('details', { class: 'tool-card' });
  details.append(
    el('summary', {}, el('b', {}, toolText(call.tool)), el('span', { class: 'muted' }, target)),
  );
  if (call.result && typeof call.result === 'object' && !Array.isArray(call.result)) {
    details.append(...figures(call.result as Record<string, unknown>));
  } else if (isTable(call.result)) details.append(tableOf(call.result));
  else if (call.result) details.append(el('p', {}, valueText(call.result)));
  details.append(origin(call));
  return details;
}
