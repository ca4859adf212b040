// <broker-keys>: keys with brokers and providers: written here, masked ever after.
import { call, getList } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { confirmed } from '../lib/dialog.ts';
import { announce, el } from '../lib/dom.ts';
import { ApiForm, type Field, field, passwordField, textField } from '../lib/forms.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';
import { guarded } from '../components/step-up-dialog.ts';

interface BrokerKey {
  id: string;
  provider: string;
  environment: string;
  masked: Record<string, string>;
}

const URL_PATH = '/api/account/broker-keys';
const FIELDS: Record<string, string[]> = {
  KIS: ['app_key', 'app_secret', 'account_number'],
  FMP: ['api_key'],
  OPENAI: ['api_key'],
};

function providerText(provider: string): string {
  const words: Record<string, string> = { KIS: _('Korea Investment & Securities'), OPENAI: 'OpenAI', FMP: 'Financial Modeling Prep' };
  return words[provider] ?? provider;
}

function environmentText(environment: string): string {
  return environment === 'PAPER' ? _('paper') : _('live');
}

function fieldText(name: string): string {
  const words: Record<string, string> = {
    account_number: _('Account number'),
    api_key: _('API key'),
    app_key: _('App key'),
    app_secret: _('App secret'),
  };
  return words[name] ?? name;
}

export class BrokerKeys extends Loaded<BrokerKey[]> {
  protected load(): Promise<BrokerKey[]> {
    return getList<BrokerKey>(URL_PATH);
  }

  protected draw(keys: BrokerKey[]): Node[] {
    const list = el('ul', { class: 'items' }, ...keys.map((one) => this.row(one)));
    const shown = keys.length ? list : el('p', { class: 'empty' }, _('No keys are stored.'));
    return [shown, this.form()];
  }

  private row(one: BrokerKey): HTMLElement {
    const name = providerText(one.provider);
    const test = el('button', { type: 'button', class: 'button small' }, _('Test'));
    const remove = el('button', { type: 'button', class: 'button small danger-quiet' }, _('Delete'));
    test.addEventListener('click', () => void attempt(() => this.test(one)));
    remove.addEventListener('click', () => void attempt(() => this.forget(one)));
    const shown = Object.entries(one.masked).map(([key, value]) =>
      el('div', {}, el('dt', {}, fieldText(key)), el('dd', { class: 'num' }, value)),
    );
    return el(
      'li',
      {},
      el('div', {}, el('b', {}, name), el('span', { class: 'tag' }, environmentText(one.environment)), el('dl', { class: 'masked' }, ...shown)),
      el('div', { class: 'item-actions' }, test, remove),
    );
  }

  private form(): HTMLElement {
    const provider = field('provider', _('Provider'), el('select', {}, ...Object.keys(FIELDS).map((one) => el('option', { value: one }, providerText(one)))));
    const environment = field('environment', _('Environment'), el('select', {}, ...['LIVE', 'PAPER'].map((one) => el('option', { value: one }, environmentText(one)))));
    const secrets = ['app_key', 'app_secret', 'account_number', 'api_key'].map((name) =>
      name === 'account_number'
        ? textField(name, fieldText(name), { placeholder: '12345678-01', maxlength: 11 })
        : passwordField(name, fieldText(name), 'off'),
    );
    const form = new ApiForm([provider, environment, ...secrets], _('Store'), () => this.store(form));
    const shape = (): void => this.shape(provider.control.value, environment, secrets);
    provider.control.addEventListener('change', shape);
    shape();
    return el('details', { class: 'maker' }, el('summary', { class: 'button' }, _('New key')), form.element);
  }

  /** Each provider has fields of its own; only KIS has a paper environment. */
  private shape(provider: string, environment: Field, secrets: Field[]): void {
    for (const one of secrets) one.row.hidden = !FIELDS[provider]?.includes(one.name);
    environment.row.hidden = provider !== 'KIS';
    if (provider !== 'KIS') environment.control.value = 'LIVE';
  }

  private async store(form: ApiForm): Promise<void> {
    const provider = form.value('provider');
    const secrets = (FIELDS[provider] ?? []).map((name) => [name, form.value(name).trim()] as const);
    const given = Object.fromEntries(secrets.filter(([, value]) => value));
    await guarded('POST', URL_PATH, { provider, environment: form.value('environment'), ...given });
    announce(_('The key was stored.'), 'good');
    await this.reload();
  }

  private async test(one: BrokerKey): Promise<void> {
    await call('POST', `${URL_PATH}/${one.id}/test`);
    announce(_('The key works.'), 'good');
  }

  private async forget(one: BrokerKey): Promise<void> {
    const text = _('What uses the key of {name} stops working.', { name: providerText(one.provider) });
    if (!(await confirmed(_('Delete the key?'), text, _('Delete')))) return;
    await guarded('DELETE', `${URL_PATH}/${one.id}`);
    announce(_('The key was deleted.'), 'good');
    await this.reload();
  }
}

customElements.define('broker-keys', BrokerKeys);
