// <password-form>: replaces the password.
import { announce } from '../lib/dom.ts';
import { ApiForm, passwordField } from '../lib/forms.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { guarded } from '../components/step-up-dialog.ts';

export class PasswordForm extends HTMLElement {
  connectedCallback(): void {
    const fields = [
      passwordField('current_password', _('Current password'), 'current-password'),
      passwordField('new_password', _('New password'), 'new-password', _('8 to 128 characters; long is better than odd.')),
      passwordField('again', _('New password again'), 'new-password'),
    ];
    const form = new ApiForm(fields, _('Change the password'), async () => {
      const [current_password, new_password] = [form.value('current_password'), form.value('new_password')];
      if (new_password !== form.value('again')) {
        form.refuse('again', _('The two new passwords differ.'));
        return;
      }
      await guarded('POST', '/api/account/password/change', { current_password, new_password });
      form.element.reset();
      announce(_('The password was changed, and every other session ended.'), 'good');
      window.dispatchEvent(new CustomEvent('sessions-changed'));
    });
    this.replaceChildren(form.element);
  }
}

customElements.define('password-form', PasswordForm);
