// One result of an analyst tool: what was computed, from which source, as of when.
import { pageConfig } from '../lib/config.ts';
import { el } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import type { ToolCall } from '../lib/types.ts';
import { figureText, readingText, toolText } from '../lib/words.ts';

type Figures = Record<string, unknown>;

const MOST_ROWS = 12;
const TABLE_COLUMNS = ['symbol', 'quantity', 'market_value', 'unrealized_return'];
const FRACTIONS = new Set([
  'annualised_volatility',
  'change_rate',
  'confidence',
  'expected_shortfall',
  'max_drawdown',
  'total_return',
  'unrealized_return',
  'value_at_risk',
  'weight',
]);
const SIGNED = new Set(['change_rate', 'total_return', 'unrealized_return']);
// Names of things stand in headings; windows and identifiers are for machines.
const SILENT = /^(source|as_of|tool|caveats|currency|symbols?|names?(_en|_ko)?|label|weights|risk_shares|portfolio_.*|broker|base_currency|.*_windows?|.*_width|method)$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:/;
const DECIMAL = /^-?\d+\.\d+$|^-?\d{4,}$/;

function isFigures(value: unknown): value is Figures {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is Figures[] {
  return Array.isArray(value) && value.length > 0 && value.every(isFigures);
}

function numberText(value: number): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) ? 0 : size >= 10_000 ? 0 : size >= 1 ? 2 : 4;
  return format.plain(value, digits);
}

function valueText(key: string, value: unknown, currency = ''): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') {
    return FRACTIONS.has(key) ? format.percent(value, SIGNED.has(key)) : numberText(value);
  }
  if (typeof value === 'boolean') return value ? _('yes') : _('no');
  if (Array.isArray(value)) return value.map((one) => valueText(key, one, currency)).join(', ');
  if (typeof value !== 'string') return '';
  if (ISO_TIME.test(value)) return format.dateTime(value);
  if (DECIMAL.test(value)) return currency ? format.price(value, currency) : format.quantity(value);
  return readingText(value);
}

function headingOf(row: Figures): string {
  const name = pageConfig().language === 'ko' ? row['name_ko'] : row['name_en'];
  const symbols = Array.isArray(row['symbols']) ? row['symbols'].join(', ') : row['symbol'];
  const parts = [row['label'], row['name'], name, symbols].filter(Boolean).map(String);
  const currency = typeof row['currency'] === 'string' ? [row['currency']] : [];
  return [...new Set([...parts, ...currency])].join(' · ');
}

function table(rows: Figures[]): HTMLElement {
  const first = rows[0] ?? {};
  const keys = TABLE_COLUMNS.filter((key) => key in first);
  const head = el('tr', {}, ...keys.map((key) => el('th', { scope: 'col' }, figureText(key))));
  const body = rows.slice(0, MOST_ROWS).map((row) => {
    const currency = String(row['currency'] ?? '');
    const cells = keys.map((key) =>
      el('td', { class: 'num' }, key === 'symbol' ? String(row[key]) : valueText(key, row[key], currency)),
    );
    return el('tr', {}, ...cells);
  });
  const grid = el('table', { class: 'grid' }, el('thead', {}, head), el('tbody', {}, ...body));
  return el('div', { class: 'table-wrap', tabindex: '0' }, grid);
}

/** Figures of one thing: plain values in a list, inner objects flattened, lists as sections. */
function sections(figures: Figures, inherited = ''): Node[] {
  const currency = typeof figures['currency'] === 'string' ? figures['currency'] : inherited;
  const list = el('dl', { class: 'tool-figures' });
  const after: Node[] = [];
  const add = (key: string, value: unknown): void => {
    if (SILENT.test(key) || value === null || value === '') return;
    if (isFigures(value)) for (const [inner, one] of Object.entries(value)) add(inner, one);
    else if (isList(value)) after.push(...listed(value, currency));
    else {
      const text = valueText(key, value, currency);
      const known = list.querySelector(`[data-figure="${CSS.escape(key)}"] dd`);
      if (known) known.append(` · ${text}`);
      else list.append(el('div', { 'data-figure': key }, el('dt', {}, figureText(key)), el('dd', { class: 'num' }, text)));
    }
  };
  for (const [key, value] of Object.entries(figures)) add(key, value);
  return list.children.length ? [list, ...after] : after;
}

function listed(rows: Figures[], currency: string): Node[] {
  if (rows.length > 1 && 'quantity' in (rows[0] ?? {})) return [table(rows)];
  return rows.slice(0, MOST_ROWS).flatMap((row) => {
    const heading = headingOf(row);
    return [...(heading ? [el('h5', {}, heading)] : []), ...sections(row, currency)];
  });
}

function textOf(call: ToolCall, key: 'source' | 'as_of'): string {
  const inner = isFigures(call.result) ? call.result[key] : undefined;
  const value = call[key] ?? inner;
  return typeof value === 'string' ? value : '';
}

function origin(call: ToolCall): HTMLElement {
  const [source, asOf] = [textOf(call, 'source'), textOf(call, 'as_of')];
  const name = source.includes('SAMPLE') ? _('Sample data') : source;
  const time = ISO_TIME.test(asOf) ? format.dateTime(asOf) : asOf;
  return el(
    'footer',
    { class: 'muted' },
    source ? _('Source: {source}', { source: name }) : '',
    asOf ? ` · ${_('as of {time}', { time })}` : '',
  );
}

function target(call: ToolCall): string {
  const symbols = call.arguments?.['symbols'];
  return Array.isArray(symbols) ? symbols.join(', ') : '';
}

export function toolCard(call: ToolCall): HTMLElement {
  const details = el('details', { class: 'tool-card', 'data-tool': call.tool });
  details.append(
    el('summary', {}, el('b', {}, toolText(call.tool)), el('span', { class: 'muted' }, target(call))),
  );
  if (isFigures(call.result)) details.append(...sections(call.result));
  else if (isList(call.result)) details.append(...listed(call.result, ''));
  details.append(origin(call));
  return details;
}
