// One filter of a screen as a row of controls, and figures as the reader's language writes them.
import { el, icon } from './dom.ts';
import { typedNumber } from './figures.ts';
import { gettext as _ } from './i18n.ts';
import { sectorText } from './words.ts';

export interface ScreenField {
  field: string;
  label: string;
  unit: string;
  group: string;
  status: string;
  values: string[];
}

export interface Filter {
  field: string;
  op: string;
  value: number | string | (number | string)[];
}

export interface Definition {
  filters?: Filter[];
  sort?: string;
}

function wordText(word: string): string {
  const words: Record<string, string> = { UP: _('Crossed up'), DOWN: _('Crossed down'), NONE: _('No cross') };
  return words[word] ?? sectorText(word);
}

export class FilterRow {
  readonly element: HTMLElement;
  private fields: ScreenField[];
  private field: HTMLSelectElement;
  private op: HTMLSelectElement;
  private number = el('input', { inputmode: 'decimal', autocomplete: 'off', 'aria-label': _('Value') });
  private word = el('select', { 'aria-label': _('Value') });
  private unit = el('span', { class: 'muted' });

  constructor(fields: ScreenField[], filter: Filter | undefined, onRemove: () => void) {
    this.fields = fields;
    const options = fields.map((one) =>
      el('option', { value: one.field }, one.status === 'AVAILABLE' ? one.label : `${one.label} (${_('no source')})`),
    );
    this.field = el('select', { 'aria-label': _('Field') }, ...options);
    const words: [string, string][] = [['gte', _('at least')], ['lte', _('at most')]];
    this.op = el('select', { 'aria-label': _('Comparison') }, ...words.map(([value, text]) => el('option', { value }, text)));
    const name = _('Remove the filter');
    const remove = el('button', { type: 'button', class: 'button ghost round small-round', title: name, 'aria-label': name, onclick: onRemove }, icon('close'));
    this.element = el('div', { class: 'filter' }, this.field, this.op, this.number, this.word, this.unit, remove);
    this.field.addEventListener('change', () => this.fit());
    this.field.value = filter?.field ?? 'rsi';
    this.fit();
    if (filter) this.fill(filter);
  }

  filter(): Filter {
    const { field, unit } = this.chosen;
    if (unit === 'word') return { field, op: 'eq', value: this.word.value };
    return { field, op: this.op.value, value: typedNumber(this.number.value || '0', unit) };
  }

  private get chosen(): ScreenField {
    const found = this.fields.find((one) => one.field === this.field.value);
    if (!found) throw new Error('no such field');
    return found;
  }

  private fit(): void {
    const { unit, values } = this.chosen;
    const isWord = unit === 'word';
    this.op.hidden = isWord;
    this.number.hidden = isWord;
    this.word.hidden = !isWord;
    this.unit.textContent = unit === 'rate' ? '%' : '';
    this.word.replaceChildren(...values.map((value) => el('option', { value }, wordText(value))));
  }

  private fill(filter: Filter): void {
    const value = Array.isArray(filter.value) ? filter.value[0] : filter.value;
    if (this.chosen.unit === 'word') this.word.value = String(value);
    else this.number.value = String(this.chosen.unit === 'rate' ? Number((Number(value) * 100).toFixed(6)) : value);
    if (filter.op === 'gte' || filter.op === 'lte') this.op.value = filter.op;
  }
}
