// <investor-profile>: the questionnaire as steps, its result with reasons, and earlier ones.
import { ApiError, call, explained, get, getList } from '../lib/api.ts';
import { pageConfig } from '../lib/config.ts';
import { el, setText } from '../lib/dom.ts';
import { faultsOf } from '../lib/forms.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';
import { type Question, Stepper } from '../lib/stepper.ts';

interface Investor {
  id: string;
  created_at: string;
  answers: Record<string, string>;
  score: number;
  risk_class: string;
  risk_class_name: string;
  scored_class: string;
  explanation: string;
  capped_by: string[];
  monthly_budget: string;
  currency: string;
}

interface Known {
  version: number;
  questions: Question[];
  history: Investor[];
}

const CLASSES = ['STABLE', 'STABILITY_SEEKING', 'NEUTRAL', 'GROWTH_SEEKING', 'AGGRESSIVE'];

export class InvestorProfile extends Loaded<Known> {
  private known: Known = { version: 0, questions: [], history: [] };

  protected async load(): Promise<Known> {
    const [asked, history] = await Promise.all([
      get<{ version: number; questions: Question[] }>('/api/profile/questionnaire'),
      getList<Investor>('/api/profile/investor'),
    ]);
    this.known = { ...asked, history };
    return this.known;
  }

  protected draw({ history }: Known): Node[] {
    const [newest, ...earlier] = history;
    return newest ? [this.result(newest), ...this.earlier(earlier)] : [this.intro()];
  }

  private intro(): HTMLElement {
    return el(
      'div',
      { class: 'settings-empty' },
      el('p', {}, _('You have not answered the questions yet. It takes about two minutes.')),
      this.startButton(_('Start'), 'primary'),
    );
  }

  private startButton(text: string, look = ''): HTMLButtonElement {
    const button = el('button', { type: 'button', class: `button ${look}` }, text);
    button.addEventListener('click', () => this.start());
    return button;
  }

  private result(one: Investor): HTMLElement {
    const budget = format.money(one.monthly_budget, one.currency);
    const facts = this.known.questions.map((question) => {
      const answer = question.answers.find((it) => it.code === one.answers[question.code]);
      return el('div', {}, el('dt', {}, question.text), el('dd', {}, answer?.text ?? '–'));
    });
    return el(
      'div',
      { class: 'investor-result' },
      el('p', { class: 'investor-class' }, one.risk_class_name),
      this.scale(one),
      el('p', {}, one.explanation),
      this.reason(one),
      el(
        'dl',
        { class: 'facts' },
        ...facts,
        el('div', {}, el('dt', {}, _('Monthly budget')), el('dd', { class: 'num amount' }, budget)),
        el('div', {}, el('dt', {}, _('Answered on')), el('dd', { class: 'num' }, format.dateTime(one.created_at))),
      ),
      el('div', { class: 'settings-actions' }, this.startButton(_('Answer again'))),
    );
  }

  private scale(one: Investor): HTMLElement {
    const at = CLASSES.indexOf(one.risk_class);
    const steps = CLASSES.map((_name, index) => el('li', { 'aria-current': index === at && 'true' }));
    const name = _('{score} of 100 points', { score: one.score });
    return el(
      'div',
      { class: 'risk-scale' },
      el('ol', { 'aria-hidden': 'true' }, ...steps),
      el('p', { class: 'muted' }, el('span', {}, _('careful')), el('span', { class: 'num' }, name), el('span', {}, _('bold'))),
    );
  }

  /** Why the class is lower than the score says. */
  private reason(one: Investor): HTMLElement | string {
    const asked = this.known.questions.filter((question) => one.capped_by.includes(question.code));
    if (!asked.length) return '';
    const questions = asked.map((question) => `“${question.text}”`).join(', ');
    return el('p', { class: 'form-note' }, _('Your points alone would say more, but your answer to {questions} sets a limit.', { questions }));
  }

  private earlier(history: Investor[]): Node[] {
    if (!history.length) return [];
    const rows = history.map((one) =>
      el(
        'li',
        {},
        el('span', { class: 'num muted' }, format.dateTime(one.created_at)),
        el('b', {}, one.risk_class_name),
        el('span', { class: 'num' }, _('{score} of 100 points', { score: one.score })),
      ),
    );
    return [el('details', { class: 'history' }, el('summary', {}, _('Earlier answers')), el('ul', {}, ...rows))];
  }

  private start(): void {
    const stepper = new Stepper(this.known.questions, this.known.history[0]?.answers);
    this.step(stepper);
  }

  private step(stepper: Stepper, fault = ''): void {
    const problem = el('p', { class: 'form-error', role: 'alert', hidden: !fault }, fault);
    const isLast = stepper.question === null;
    const back = el('button', { type: 'button', class: 'button' }, stepper.at ? _('Back') : _('Cancel'));
    const next = el('button', { type: 'submit', class: 'button primary' }, isLast ? _('See the result') : _('Next'));
    const body = isLast ? this.budget() : this.choices(stepper);
    const form = el(
      'form',
      { class: 'stepper-form', novalidate: true },
      el('progress', { max: stepper.count, value: stepper.at + 1, 'aria-label': _('Progress') }),
      el('p', { class: 'muted num' }, _('{at} of {count}', { at: stepper.at + 1, count: stepper.count })),
      body,
      problem,
      el('div', { class: 'settings-actions' }, back, next),
    );
    back.addEventListener('click', () => (stepper.back() ? this.step(stepper) : void this.reload()));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (isLast) void this.send(stepper, form, next, problem);
      else if (stepper.next()) this.step(stepper);
      else this.say(problem, _('Please choose an answer.'));
    });
    this.replaceChildren(form);
    body.querySelector<HTMLElement>('input:checked, input, select')?.focus({ preventScroll: true });
  }

  private choices(stepper: Stepper): HTMLElement {
    const question = stepper.question;
    const chosen = stepper.answers.get(question?.code ?? '');
    const rows = (question?.answers ?? []).map((answer) => {
      const input = el('input', { type: 'radio', name: 'answer', value: answer.code, checked: answer.code === chosen });
      input.addEventListener('change', () => stepper.choose(answer.code));
      return el('label', { class: 'choice' }, input, el('span', {}, answer.text));
    });
    return el('fieldset', { class: 'choices' }, el('legend', {}, question?.text), ...rows);
  }

  private budget(): HTMLElement {
    const newest = this.known.history[0];
    const currency = newest?.currency ?? pageConfig().currency;
    const options = ['KRW', 'USD'].map((one) => el('option', { value: one, selected: one === currency }, one));
    const amount = el('input', {
      name: 'budget',
      id: 'budget',
      class: 'num',
      inputmode: 'decimal',
      autocomplete: 'off',
      maxlength: 16,
      value: newest?.monthly_budget ?? '',
      'aria-describedby': 'budget-help',
    });
    return el(
      'fieldset',
      { class: 'choices' },
      el('legend', {}, _('How much can you set aside for investing each month?')),
      el(
        'div',
        { class: 'budget-row' },
        el('label', { class: 'visually-hidden', for: 'budget' }, _('Monthly budget')),
        amount,
        el('select', { name: 'currency', 'aria-label': _('Currency') }, ...options),
      ),
      el('p', { class: 'help', id: 'budget-help' }, _('Enter 0 if you set nothing aside.')),
    );
  }

  private async send(
    stepper: Stepper,
    form: HTMLFormElement,
    button: HTMLButtonElement,
    problem: HTMLElement,
  ): Promise<void> {
    const values = new FormData(form);
    const amount = String(values.get('budget') ?? '').replaceAll(/[,\s]/g, '');
    button.disabled = true;
    try {
      const { version } = this.known;
      const body = { version, answers: stepper.body, monthly_budget: amount, currency: values.get('currency') };
      await call('PUT', '/api/profile/investor', { body });
      await this.reload();
      this.querySelector<HTMLElement>('button')?.focus({ preventScroll: true });
    } catch (error) {
      const faults = faultsOf(error instanceof ApiError ? error.details : {});
      this.say(problem, faults.get('monthly_budget') ?? explained(error));
    } finally {
      button.disabled = false;
    }
  }

  private say(problem: HTMLElement, text: string): void {
    setText(problem, text);
    problem.hidden = false;
  }
}

customElements.define('investor-profile', InvestorProfile);
