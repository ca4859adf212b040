// A form that calls the API: one submit at a time, each fault at its field.
import { ApiError, explained } from './api.ts';
import { el, setText } from './dom.ts';
import { Cancelled } from './step-up.ts';

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export interface Field {
  name: string;
  control: Control;
  row: HTMLElement;
  fault: HTMLElement;
}

/** The faults of each field as the server names them; inner ones are joined. */
export function faultsOf(details: Record<string, unknown>): Map<string, string> {
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'object' || value === null) return [];
    return Object.values(value).flatMap(texts);
  };
  return new Map(Object.entries(details).map(([name, value]) => [name, texts(value).join(' ')]));
}

let made = 0;

export function field(name: string, label: string, control: Control, help = ''): Field {
  made += 1;
  control.id = `field-${name}-${made}`;
  const fault = el('p', { class: 'field-error', id: `${control.id}-fault`, hidden: true });
  const note = help ? el('p', { class: 'help', id: `${control.id}-help` }, help) : null;
  control.setAttribute('aria-describedby', note ? `${note.id} ${fault.id}` : fault.id);
  const row = el('div', { class: 'field' }, el('label', { for: control.id }, label), control, note, fault);
  return { name, control, row, fault };
}

export function textField(
  name: string,
  label: string,
  properties: Record<string, string | number | boolean> = {},
  help = '',
): Field {
  return field(name, label, el('input', { type: 'text', autocomplete: 'off', ...properties }), help);
}

export function passwordField(name: string, label: string, autocomplete: string, help = ''): Field {
  return textField(name, label, { type: 'password', autocomplete, maxlength: 1024 }, help);
}

export class ApiForm {
  readonly element: HTMLFormElement;
  private fields: Field[];
  private problem = el('p', { class: 'form-error', role: 'alert', hidden: true });
  private submit: HTMLButtonElement;
  private send: () => Promise<void>;

  constructor(fields: Field[], submitText: string, send: () => Promise<void>, extra: Node[] = []) {
    this.fields = fields;
    this.send = send;
    this.submit = el('button', { type: 'submit', class: 'button primary' }, submitText);
    this.element = el(
      'form',
      { class: 'settings-form', novalidate: true },
      ...fields.map((one) => one.row),
      ...extra,
      this.problem,
      el('div', { class: 'settings-actions' }, this.submit),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.sent();
    });
  }

  value(name: string): string {
    return this.fields.find((one) => one.name === name)?.control.value ?? '';
  }

  /** Say what is wrong without asking the server. */
  refuse(name: string, text: string): void {
    this.clear();
    this.complain(new Map([[name, text]]), text);
  }

  private async sent(): Promise<void> {
    if (this.submit.disabled) return;
    this.clear();
    this.submit.disabled = true;
    try {
      await this.send();
    } catch (error) {
      if (!(error instanceof Cancelled)) this.failed(error);
    } finally {
      this.submit.disabled = false;
    }
  }

  private failed(error: unknown): void {
    const details = error instanceof ApiError ? error.details : {};
    this.complain(faultsOf(details), explained(error));
  }

  private complain(faults: Map<string, string>, text: string): void {
    const marked = this.fields.filter((one) => faults.get(one.name));
    for (const one of marked) {
      setText(one.fault, faults.get(one.name) ?? '');
      one.fault.hidden = false;
      one.control.setAttribute('aria-invalid', 'true');
    }
    this.problem.hidden = marked.length > 0;
    setText(this.problem, marked.length ? '' : text);
    marked[0]?.control.focus();
  }

  private clear(): void {
    this.problem.hidden = true;
    for (const one of this.fields) {
      one.fault.hidden = true;
      one.control.removeAttribute('aria-invalid');
    }
  }
}
