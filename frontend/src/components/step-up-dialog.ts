// Asks for the second factor where a call wants a fresh one, then makes the call again.
import { call, getList } from '../lib/api.ts';
import { openDialog } from '../lib/dialog.ts';
import { announce, el, icon } from '../lib/dom.ts';
import { ApiForm, textField } from '../lib/forms.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { type Passkey, passkeyProblem, passkeyVerify } from '../lib/passkeys.ts';
import { withFactor } from '../lib/step-up.ts';

async function offerPasskey(button: HTMLElement): Promise<void> {
  const passkeys = await getList<Passkey>('/api/account/passkeys').catch(() => []);
  button.hidden = !passkeys.length;
}

async function usePasskey(button: HTMLButtonElement, done: (shown: boolean) => void): Promise<void> {
  button.disabled = true;
  try {
    await passkeyVerify();
    done(true);
  } catch (error) {
    announce(passkeyProblem(error), 'bad');
    button.disabled = false;
  }
}

async function shown(): Promise<boolean> {
  const answer = await openDialog<boolean>(_('Confirm that it is you'), (done) => {
    const code = textField(
      'code',
      _('Code'),
      { autocomplete: 'one-time-code', inputmode: 'text', maxlength: 32, class: 'num', autofocus: true },
      _('Six digits from your authenticator app, or a backup code.'),
    );
    const form = new ApiForm([code], _('Confirm'), async () => {
      await call('POST', '/api/account/otp/verify', { body: { code: form.value('code').trim() } });
      done(true);
    });
    const passkey = el('button', { type: 'button', class: 'button wide', hidden: true }, icon('key'), _('Use a passkey'));
    passkey.addEventListener('click', () => void usePasskey(passkey, done));
    void offerPasskey(passkey);
    return [el('p', { class: 'muted' }, _('This step wants your second factor again.')), passkey, form.element];
  });
  return answer === true;
}

/** Take a step of several calls, with the second factor shown again if the server wants it. */
export const stepGuarded = <T>(step: () => Promise<T>): Promise<T> => withFactor(step, shown);

/** Make a call, with the second factor shown again if the server wants it. */
export const guarded = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  stepGuarded(() => call<T>(method, path, body === undefined ? {} : { body }));
