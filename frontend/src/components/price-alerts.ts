// <price-alerts>: a bell that opens the alerts; set one on the selected symbol, cancel any.
import { conditionText, theAlerts } from '../lib/alerts.ts';
import { explained } from '../lib/api.ts';
import { theDesk } from '../lib/desk.ts';
import { announce, el, icon, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';

type Select = HTMLSelectElement;

export class PriceAlerts extends HTMLElement {
  private desk = theDesk();
  private alerts = theAlerts();
  private count = el('span', { class: 'bell-count num', hidden: true });
  private dialog = el('dialog', { class: 'sheet', 'aria-labelledby': 'alerts-title' });
  private subject = el('b', {});
  private measure = this.choice('measure', [
    ['PRICE', _('Price')],
    ['CHANGE_RATE', _('Change of the day (%)')],
    ['RSI', 'RSI (14)'],
    ['SMA_DISTANCE', _('Moving average (20)')],
    ['MACD', 'MACD (12, 26, 9)'],
  ]);
  private direction = this.choice('direction', [
    ['ABOVE', _('rises above')],
    ['BELOW', _('falls below')],
  ]);
  private interval = this.choice('interval', [
    ['1d', _('Daily bars')],
    ['1m', _('Minute bars')],
  ]);
  private level = el('input', { name: 'level', inputmode: 'decimal', autocomplete: 'off', 'aria-label': _('Level'), required: true });
  private repeats = el('input', { type: 'checkbox', name: 'repeats' });
  private problem = el('p', { class: 'form-error', role: 'alert', hidden: true });
  private list = el('ul', { class: 'alert-list' });
  private history = el('ul', { class: 'alert-list' });

  connectedCallback(): void {
    const bell = el('button', { type: 'button', class: 'button ghost round small-round bell', 'aria-label': _('Price alerts'), title: _('Price alerts') }, icon('bell'), this.count);
    bell.addEventListener('click', () => this.open());
    this.dialog.append(this.head(), this.form(), this.list, el('h3', { class: 'sheet-title' }, _('Fired lately')), this.history);
    this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.dialog.close());
    this.append(bell, this.dialog);
    this.measure.addEventListener('change', () => this.suggest());
    this.alerts.active.watch(() => this.show());
    this.alerts.fired.watch(() => this.show());
    this.desk.instruments.watch(() => this.show());
  }

  private choice(name: string, options: [string, string][]): Select {
    return el('select', { name }, ...options.map(([value, text]) => el('option', { value }, text)));
  }

  private head(): HTMLElement {
    const close = el('button', { type: 'button', class: 'button ghost round small-round', 'aria-label': _('Close') }, icon('close'));
    close.addEventListener('click', () => this.dialog.close());
    return el('header', { class: 'sheet-head' }, el('h2', { id: 'alerts-title' }, _('Price alerts')), close);
  }

  private form(): HTMLElement {
    const form = el(
      'form',
      { class: 'alert-form' },
      this.subject,
      el('div', { class: 'alert-terms' }, this.measure, this.direction, this.level, this.interval),
      el('label', { class: 'alert-repeats' }, this.repeats, _('Tell me again after five minutes')),
      this.problem,
      el('button', { class: 'button primary', type: 'submit' }, _('Set alert')),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.sent();
    });
    return form;
  }

  private open(): void {
    this.problem.hidden = true;
    const symbol = this.desk.symbol.value;
    setText(this.subject, this.desk.instrument(symbol)?.name ?? symbol);
    this.suggest();
    this.dialog.showModal();
  }

  /** Begin with the price of now; crosses need no level. */
  private suggest(): void {
    const measure = this.measure.value;
    const usual: Record<string, string> = { PRICE: this.desk.quote(this.desk.symbol.value)?.price ?? '', CHANGE_RATE: '5', RSI: '30' };
    const isOfBars = measure !== 'PRICE' && measure !== 'CHANGE_RATE';
    this.level.value = usual[measure] ?? '';
    this.level.hidden = !(measure in usual);
    this.level.required = measure in usual;
    this.interval.hidden = !isOfBars;
  }

  private body(): Record<string, unknown> {
    const measure = this.measure.value;
    const body: Record<string, unknown> = {
      symbol: this.desk.symbol.value,
      measure,
      direction: this.direction.value,
      repeats: this.repeats.checked,
    };
    const typed = this.level.value.replaceAll(',', '').trim();
    if (!this.level.hidden) body['level'] = measure === 'CHANGE_RATE' ? (Number(typed) / 100).toFixed(6) : typed;
    if (!this.interval.hidden) body['interval'] = this.interval.value;
    return body;
  }

  private async sent(): Promise<void> {
    try {
      await this.alerts.set(this.body());
      this.problem.hidden = true;
      announce(_('The alert is set.'), 'good');
    } catch (error) {
      this.problem.hidden = false;
      setText(this.problem, explained(error));
    }
  }

  private show(): void {
    const active = this.alerts.active.value;
    this.count.hidden = !active.length;
    setText(this.count, String(active.length));
    const rows = active.map((alert) => {
      const name = _('Cancel the alert');
      const cancel = el('button', { type: 'button', class: 'button ghost round small-round', title: name, 'aria-label': name }, icon('close'));
      cancel.addEventListener('click', () => void this.alerts.cancel(alert.id));
      return el('li', {}, this.line(alert.symbol, conditionText(alert, this.desk.currencyOf(alert.symbol))), cancel);
    });
    this.list.replaceChildren(...(rows.length ? rows : [el('li', { class: 'muted' }, _('No alert is set.'))]));
    const fired = this.alerts.fired.value.map((one) => {
      const currency = this.desk.currencyOf(one.symbol);
      const when = el('span', { class: 'muted num' }, `${format.price(one.price, currency)} · ${format.dateTime(one.fired_at)}`);
      return el('li', {}, this.line(one.symbol, conditionText(one, currency)), when);
    });
    this.history.replaceChildren(...(fired.length ? fired : [el('li', { class: 'muted' }, _('Nothing yet.'))]));
  }

  private line(symbol: string, condition: string): HTMLElement {
    const name = this.desk.instrument(symbol)?.name ?? symbol;
    return el('span', { class: 'alert-line' }, el('b', {}, name), el('span', {}, condition));
  }
}

customElements.define('price-alerts', PriceAlerts);
