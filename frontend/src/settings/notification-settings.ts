// <notification-settings>: each kind of news on each channel, and quiet hours.
import { call, explained, get } from '../lib/api.ts';
import { announce, el } from '../lib/dom.ts';
import { ApiForm, field, textField } from '../lib/forms.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';

interface Choice {
  kind: string;
  channel: string;
  enabled: boolean;
  locked: boolean;
}

interface QuietHours {
  since: string;
  until: string;
  time_zone: string;
}

interface Wishes {
  choices: Choice[];
  quiet_hours: QuietHours | null;
}

const URL_PATH = '/api/profile/notifications';
const ZONES = ['Asia/Seoul', 'America/New_York', 'Europe/London', 'UTC'];

function kindWords(): Record<string, [name: string, text: string]> {
  return {
    SECURITY: [_('Security alerts'), _('New devices, passwords, keys and second factors')],
    ORDERS: [_('Orders'), _('Fills, rejections and expired orders')],
    PRICE_ALERTS: [_('Price alerts'), _('Prices that you asked to be told about')],
    SIGNALS: [_('Signals'), _('What your strategies see')],
    PORTFOLIO: [_('Portfolio reports'), _('Summaries of value and profit')],
    NEWS: [_('News'), _('News and filings about what you hold')],
    PRODUCT: [_('Product news'), _('New features of the platform')],
  };
}

function channelText(channel: string): string {
  const words: Record<string, string> = { IN_APP: _('In the app'), EMAIL: _('E-mail'), SMS: _('SMS') };
  return words[channel] ?? channel;
}

export class NotificationSettings extends Loaded<Wishes> {
  protected load(): Promise<Wishes> {
    return get<Wishes>(URL_PATH);
  }

  protected draw(wishes: Wishes): Node[] {
    return [
      this.table(wishes.choices),
      el('p', { class: 'help' }, _('Text messages need a confirmed phone number, which accounts cannot have yet.')),
      this.quiet(wishes.quiet_hours),
    ];
  }

  private table(choices: Choice[]): HTMLElement {
    const channels = [...new Set(choices.map((one) => one.channel))];
    const kinds = [...new Set(choices.map((one) => one.kind))];
    const heads = channels.map((one) => el('th', { scope: 'col' }, channelText(one)));
    const rows = kinds.map((kind) => {
      const [name, text] = kindWords()[kind] ?? [kind, ''];
      const cells = choices.filter((one) => one.kind === kind).map((one) => el('td', {}, this.toggle(one, name)));
      return el('tr', {}, el('th', { scope: 'row' }, el('b', {}, name), el('span', { class: 'help' }, text)), ...cells);
    });
    const head = el('tr', {}, el('td', {}), ...heads);
    return el('table', { class: 'wishes' }, el('thead', {}, head), el('tbody', {}, ...rows));
  }

  private toggle(choice: Choice, kind: string): HTMLInputElement {
    const input = el('input', {
      type: 'checkbox',
      role: 'switch',
      class: 'switch',
      checked: choice.enabled,
      disabled: choice.locked || choice.channel === 'SMS',
      'aria-label': `${kind}: ${channelText(choice.channel)}`,
      title: choice.locked ? _('Always on') : '',
    });
    input.addEventListener('change', () => void this.choose(choice, input));
    return input;
  }

  private async choose({ kind, channel }: Choice, input: HTMLInputElement): Promise<void> {
    try {
      await call('PATCH', URL_PATH, { body: { choices: [{ kind, channel, enabled: input.checked }] } });
      announce(_('Saved.'), 'good');
    } catch (error) {
      input.checked = !input.checked;
      announce(explained(error), 'bad');
    }
  }

  private quiet(hours: QuietHours | null): HTMLElement {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const chosen = hours?.time_zone ?? here;
    const zones = [...new Set([chosen, here, ...ZONES])];
    const options = zones.map((one) => el('option', { value: one, selected: one === chosen }, one));
    const fields = [
      textField('since', _('Starts at'), { type: 'time', value: hours?.since ?? '22:00' }),
      textField('until', _('Ends at'), { type: 'time', value: hours?.until ?? '07:00' }),
      field('time_zone', _('Time zone'), el('select', {}, ...options)),
    ];
    const form = new ApiForm(fields, hours ? _('Save') : _('Turn on'), async () => {
      const [since, until, time_zone] = ['since', 'until', 'time_zone'].map((name) => form.value(name));
      await this.saveQuiet({ since: since ?? '', until: until ?? '', time_zone: time_zone ?? '' });
    });
    form.element.classList.add('in-row');
    const off = el('button', { type: 'button', class: 'button' }, _('Turn off'));
    off.addEventListener('click', () => void this.saveQuiet(null).catch((error) => announce(explained(error), 'bad')));
    if (hours) form.element.querySelector('.settings-actions')?.append(off);
    return el(
      'div',
      { class: 'settings-part' },
      el('h3', {}, _('Quiet hours')),
      el('p', { class: 'help' }, hours
        ? _('On. Mails and text messages wait until they are over; security alerts do not.')
        : _('Off. In quiet hours mails and text messages wait; security alerts do not.')),
      form.element,
    );
  }

  private async saveQuiet(quiet_hours: QuietHours | null): Promise<void> {
    await call('PATCH', URL_PATH, { body: { quiet_hours } });
    announce(_('Saved.'), 'good');
    await this.reload();
  }
}

customElements.define('notification-settings', NotificationSettings);
