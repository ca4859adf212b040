// <passkey-list>: the passkeys of the account; adding one is asked of the browser.
import { ApiError, getList } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { confirmed, openDialog } from '../lib/dialog.ts';
import { announce, el } from '../lib/dom.ts';
import { tellFactorsChanged } from '../lib/factors.ts';
import { ApiForm, textField } from '../lib/forms.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';
import { type Passkey, passkeyAdd, passkeyProblem, passkeySupport } from '../lib/passkeys.ts';
import { Cancelled } from '../lib/step-up.ts';
import { guarded, stepGuarded } from '../components/step-up-dialog.ts';
import { showBackupCodes } from './backup-codes.ts';

const URL_PATH = '/api/account/passkeys';

export class PasskeyList extends Loaded<Passkey[]> {
  protected load(): Promise<Passkey[]> {
    return getList<Passkey>(URL_PATH);
  }

  protected draw(passkeys: Passkey[]): Node[] {
    const rows = passkeys.map((one) => this.row(one));
    const empty = el('p', { class: 'empty' }, _('No passkeys yet.'));
    const list = rows.length ? el('ul', { class: 'items' }, ...rows) : empty;
    return [list, this.adder()];
  }

  private adder(): HTMLElement {
    const { domain = '', address = '' } = this.dataset;
    const support = passkeySupport(domain);
    if (support !== 'ok') {
      const texts = {
        unsupported: _('This browser cannot use passkeys.'),
        address: _('Passkeys work at {address} only. Open the platform there.', { address }),
      };
      return el('p', { class: 'help' }, texts[support]);
    }
    const name = textField('name', _('Name'), { maxlength: 60, placeholder: _('My laptop') });
    const form = new ApiForm([name], _('Add'), () => this.add(form));
    return el('details', { class: 'maker' }, el('summary', { class: 'button' }, _('New passkey')), form.element);
  }

  private async add(form: ApiForm): Promise<void> {
    const made = await stepGuarded((password) => passkeyAdd(form.value('name'), password)).catch((error) => {
      if (error instanceof ApiError || error instanceof Cancelled) throw error;
      announce(passkeyProblem(error), 'bad');
      return null;
    });
    if (!made) return;
    await this.reload();
    announce(_('The passkey was added.'), 'good');
    tellFactorsChanged();
    if (made.backup_codes?.length) await showBackupCodes(made.backup_codes);
  }

  private row(one: Passkey): HTMLElement {
    const rename = el('button', { type: 'button', class: 'button small' }, _('Rename'));
    const remove = el('button', { type: 'button', class: 'button small danger-quiet' }, _('Remove'));
    rename.addEventListener('click', () => void attempt(() => this.rename(one)));
    remove.addEventListener('click', () => void attempt(() => this.removeKey(one)));
    const used = one.last_used_at ? format.dateTime(one.last_used_at) : _('never');
    return el(
      'li',
      {},
      el(
        'div',
        {},
        el('b', {}, one.name),
        one.is_synced ? el('span', { class: 'tag' }, _('synced')) : null,
        el('p', { class: 'muted' }, _('Added {added} · last used {used}', { added: format.dateTime(one.created_at), used })),
      ),
      el('div', { class: 'item-actions' }, rename, remove),
    );
  }

  private async rename(one: Passkey): Promise<void> {
    const isDone = await openDialog<boolean>(_('Rename the passkey'), (done) => {
      const name = textField('name', _('Name'), { value: one.name, maxlength: 60 });
      const form = new ApiForm([name], _('Save'), async () => {
        await guarded('PATCH', `${URL_PATH}/${one.id}`, { name: form.value('name') });
        done(true);
      });
      return [form.element];
    });
    if (isDone) await this.reload();
  }

  private async removeKey(one: Passkey): Promise<void> {
    const text = _('“{name}” will no longer open your account.', { name: one.name });
    if (!(await confirmed(_('Remove the passkey?'), text, _('Remove')))) return;
    await guarded('DELETE', `${URL_PATH}/${one.id}`);
    announce(_('The passkey was removed.'));
    tellFactorsChanged();
    await this.reload();
  }
}

customElements.define('passkey-list', PasskeyList);
