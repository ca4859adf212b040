// <close-account>: a typed confirmation and the password, and the account is closed for good.
import { get } from '../lib/api.ts';
import { confirmed } from '../lib/dialog.ts';
import { ApiForm, passwordField, textField } from '../lib/forms.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';
import { guarded } from '../components/step-up-dialog.ts';

interface Me {
  email: string;
}

export class CloseAccount extends Loaded<Me> {
  protected load(): Promise<Me> {
    return get<Me>('/api/account/me');
  }

  protected draw({ email }: Me): Node[] {
    const fields = [
      textField('email', _('Type your e-mail address to confirm'), { placeholder: email, autocapitalize: 'none' }),
      passwordField('password', _('Your password'), 'current-password'),
    ];
    const form = new ApiForm(fields, _('Close my account'), async () => {
      if (form.value('email').trim().toLowerCase() !== email.toLowerCase()) {
        form.refuse('email', _('This is not the address of the account.'));
        return;
      }
      const text = _('This cannot be undone.');
      if (!(await confirmed(_('Close the account for good?'), text, _('Close my account')))) return;
      await guarded('POST', '/api/account/close', { password: form.value('password') });
      location.assign('/');
    });
    form.element.querySelector('button')?.classList.replace('primary', 'danger');
    return [form.element];
  }
}

customElements.define('close-account', CloseAccount);
