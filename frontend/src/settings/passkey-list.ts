// <passkey-list>: the passkeys of the account; adding one is asked of the browser.
import { ApiError, getList } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { confirmed, openDialog } from '../lib/dialog.ts';
import { announce, el } from '../lib/dom.ts';
import { ApiForm, textField } from '../lib/forms.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';
import { guarded } from '../components/step-up-dialog.ts';

interface Passkey {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  is_synced: boolean;
}

const URL_PATH = '/api/account/passkeys';

export class PasskeyList extends Loaded<Passkey[] | null> {
  /** Null where the platform does not offer passkeys. */
  protected async load(): Promise<Passkey[] | null> {
    try {
      return await getList<Passkey>(URL_PATH);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  protected draw(passkeys: Passkey[] | null): Node[] {
    if (!passkeys) return [el('p', { class: 'empty' }, _('The platform does not offer this yet.'))];
    const rows = passkeys.map((one) => this.row(one));
    const empty = el('p', { class: 'empty' }, _('No passkeys yet.'));
    return [rows.length ? el('ul', { class: 'items' }, ...rows) : empty];
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
    await this.reload();
  }
}

customElements.define('passkey-list', PasskeyList);
