// <api-keys>: keys for programs: made here, shown once, revoked here.
import { call, getList } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { confirmed } from '../lib/dialog.ts';
import { announce, el } from '../lib/dom.ts';
import { ApiForm, field, textField } from '../lib/forms.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';
import { onceShown } from '../components/copy-button.ts';
import { guarded } from '../components/step-up-dialog.ts';

interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  allowed_ips: string[];
  expires_at: string;
  last_used_at: string | null;
  last_used_ip: string;
}

const URL_PATH = '/api/account/api-keys';
const DAYS = [30, 90, 180, 365];
const USUAL_DAYS = 90;

function scopeWords(): Record<string, string> {
  return {
    'market:read': _('Read prices and instruments'),
    'portfolio:read': _('Read portfolios, orders and positions'),
    trade: _('Place, change and cancel orders'),
    chat: _('Talk to the analyst'),
  };
}

export class ApiKeys extends Loaded<ApiKey[]> {
  private fresh: HTMLElement | null = null;

  protected load(): Promise<ApiKey[]> {
    return getList<ApiKey>(URL_PATH);
  }

  protected draw(keys: ApiKey[]): Node[] {
    const list = el('ul', { class: 'items' }, ...keys.map((one) => this.row(one)));
    const shown = keys.length ? list : el('p', { class: 'empty' }, _('No API keys yet.'));
    const parts = [this.fresh, shown, this.form()].filter((one): one is HTMLElement => one !== null);
    this.fresh = null;
    return parts;
  }

  private row(one: ApiKey): HTMLElement {
    const revoke = el('button', { type: 'button', class: 'button small danger-quiet', 'aria-label': _('Revoke the key {name}', { name: one.name }) }, _('Revoke'));
    revoke.addEventListener('click', () => void attempt(() => this.revoke(one)));
    const hasEnded = new Date(one.expires_at) <= new Date();
    const used = one.last_used_at
      ? _('last used {time} from {address}', { time: format.dateTime(one.last_used_at), address: one.last_used_ip })
      : _('never used');
    const from = one.allowed_ips.length ? one.allowed_ips.join(', ') : _('any address');
    return el(
      'li',
      { 'data-key': one.id },
      el(
        'div',
        {},
        el('b', {}, one.name),
        el('code', {}, `${one.prefix}…`),
        hasEnded ? el('span', { class: 'tag tag-bad' }, _('expired')) : null,
        el('p', {}, ...one.scopes.map((scope) => el('span', { class: 'tag' }, scope))),
        el('p', { class: 'muted num' }, _('until {time} · from {from} · {used}', { time: format.dateTime(one.expires_at), from, used })),
      ),
      el('div', { class: 'item-actions' }, revoke),
    );
  }

  private form(): HTMLElement {
    const boxes = Object.entries(scopeWords()).map(([scope, text]) => {
      const box = el('input', { type: 'checkbox', value: scope, checked: scope === 'market:read' });
      return el('label', { class: 'choice' }, box, el('span', {}, el('b', {}, scope), el('small', {}, text)));
    });
    const scopes = el('fieldset', { class: 'choices two' }, el('legend', {}, _('What the key may do')), ...boxes);
    const days = DAYS.map((one) => el('option', { value: one, selected: one === USUAL_DAYS }, _('{days} days', { days: one })));
    const fields = [
      textField('name', _('Name'), { maxlength: 60, placeholder: _('My trading script') }),
      textField('allowed_ips', _('Allowed addresses'), { placeholder: '203.0.113.7, 10.0.0.0/8' }, _('Addresses and networks, separated by commas; empty for any.')),
      field('expires_in_days', _('Valid for'), el('select', {}, ...days)),
    ];
    const form = new ApiForm(fields, _('Make a key'), () => this.make(form, scopes), [scopes]);
    const open = el('details', { class: 'maker' }, el('summary', { class: 'button' }, _('New API key')), form.element);
    return open;
  }

  private async make(form: ApiForm, scopes: HTMLElement): Promise<void> {
    const chosen = [...scopes.querySelectorAll<HTMLInputElement>('input:checked')].map((one) => one.value);
    const made = await guarded<ApiKey & { key: string }>('POST', URL_PATH, {
      name: form.value('name'),
      scopes: chosen,
      allowed_ips: form.value('allowed_ips').split(/[,\s]+/).filter(Boolean),
      expires_in_days: Number(form.value('expires_in_days')),
    });
    this.fresh = onceShown(made.key, _('This is your new key. It is shown only now.'));
    await this.reload();
    this.querySelector('.once')?.scrollIntoView({ block: 'center' });
  }

  private async revoke(one: ApiKey): Promise<void> {
    const text = _('Programs with “{name}” are refused from their next call on.', { name: one.name });
    if (!(await confirmed(_('Revoke the key?'), text, _('Revoke')))) return;
    await call('DELETE', `${URL_PATH}/${one.id}`);
    announce(_('The key was revoked.'), 'good');
    await this.reload();
  }
}

customElements.define('api-keys', ApiKeys);
