// <display-settings>: language, currency, theme, colours and blur, saved as they are chosen.
import { call, explained, get } from '../lib/api.ts';
import { announce, el } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';

interface Display {
  language: string;
  currency: string;
  theme: string;
  colours: string;
  blur_amounts: boolean;
}

type Options = [value: string, text: string, language?: string][];

export class DisplaySettings extends Loaded<Display> {
  protected async load(): Promise<Display> {
    return (await get<{ display: Display }>('/api/profile')).display;
  }

  protected draw(display: Display): Node[] {
    return [
      this.choice('language', _('Language'), display.language, [
        ['ko', '\ud55c\uad6d\uc5b4', 'ko'],
        ['en', 'English', 'en'],
      ]),
      this.choice(
        'currency',
        _('Currency'),
        display.currency,
        [
          ['KRW', '₩ KRW'],
          ['USD', '$ USD'],
        ],
        _('Comes first wherever amounts of several currencies stand side by side. Nothing is converted.'),
      ),
      this.choice('theme', _('Theme'), display.theme, [
        ['system', _('System')],
        ['light', _('Light')],
        ['dark', _('Dark')],
      ]),
      this.choice(
        'colours',
        _('Rising prices'),
        display.colours,
        [
          ['red-up', _('Red')],
          ['green-up', _('Green')],
        ],
        '',
        this.sample(),
      ),
      this.choice(
        'blur',
        _('Amounts'),
        display.blur_amounts ? 'on' : 'off',
        [
          ['off', _('Shown')],
          ['on', _('Blurred')],
        ],
        _('Blurs what you own and owe, for looking at the page among other people. Point at an amount to see it.'),
      ),
    ];
  }

  private sample(): HTMLElement {
    return el(
      'p',
      { class: 'colour-sample num', 'aria-hidden': 'true' },
      el('span', { class: 'up' }, '▲ +1.24%'),
      el('span', { class: 'down' }, '▼ −0.86%'),
    );
  }

  private choice(kind: string, name: string, now: string, options: Options, help = '', more?: Node): HTMLElement {
    const buttons = options.map(([value, text, lang]) =>
      el('button', { type: 'button', lang, 'aria-pressed': String(value === now), 'data-value': value }, text),
    );
    const group = el('div', { class: 'segmented', role: 'group', 'aria-label': name }, ...buttons);
    group.addEventListener('click', (event) => {
      const button = (event.target as HTMLElement).closest<HTMLElement>('button');
      const value = button?.dataset['value'];
      if (value) void this.choose(kind, value, buttons);
    });
    const text = el('div', {}, el('b', {}, name), help ? el('p', { class: 'help' }, help) : null);
    return el('div', { class: 'settings-row', 'data-choice': kind }, text, el('div', {}, group, more));
  }

  private async choose(kind: string, value: string, buttons: HTMLElement[]): Promise<void> {
    const before = buttons.find((one) => one.getAttribute('aria-pressed') === 'true');
    const press = (chosen: string | undefined): void => {
      for (const one of buttons) one.setAttribute('aria-pressed', String(one.dataset['value'] === chosen));
    };
    press(value);
    try {
      const body = kind === 'blur' ? { blur_amounts: value === 'on' } : { [kind]: value };
      const display = await call<Display>('PATCH', '/api/profile/display', { body });
      this.show(kind, value, display);
    } catch (error) {
      press(before?.dataset['value']);
      announce(explained(error), 'bad');
    }
  }

  /** The page follows at once; another language is another page. */
  private show(kind: string, value: string, display: Display): void {
    if (kind === 'language') {
      location.reload();
      return;
    }
    const root = document.documentElement.dataset;
    Object.assign(root, { theme: display.theme, colours: display.colours, blur: display.blur_amounts ? 'on' : 'off' });
    for (const one of document.querySelectorAll<HTMLElement>(`[data-look^="${kind}:"]`)) {
      one.setAttribute('aria-pressed', String(one.dataset['look'] === `${kind}:${value}`));
    }
    announce(_('Saved.'), 'good');
  }
}

customElements.define('display-settings', DisplaySettings);
