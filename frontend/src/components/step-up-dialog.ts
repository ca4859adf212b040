// Asks for the second factor, or the password of who has none, where a call wants it again.
import { ApiError, call, getList } from '../lib/api.ts';
import { openDialog } from '../lib/dialog.ts';
import { announce, el, icon } from '../lib/dom.ts';
import { ApiForm, passwordField, textField } from '../lib/forms.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { type Passkey, passkeyProblem, passkeyVerify } from '../lib/passkeys.ts';
import { Cancelled, type Step, withProof } from '../lib/step-up.ts';

const title = (): string => _('Confirm that it is you');

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

async function factorShown(): Promise<boolean> {
  const answer = await openDialog<boolean>(title(), (done) => {
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

type Outcome<T> = { value: T } | { error: unknown };

// A wrong password stays in the dialog, everything else is told where the step began.
const isAboutPassword = (error: unknown): boolean =>
  error instanceof ApiError && ['PASSWORD_WRONG', 'PASSWORD_REQUIRED', 'RATE_LIMITED'].includes(error.code);

async function withPassword<T>(step: Step<T>): Promise<T> {
  const outcome = await openDialog<Outcome<T>>(title(), (done) => {
    const password = passwordField('password', _('Your password'), 'current-password');
    password.control.autofocus = true;
    const form = new ApiForm([password], _('Confirm'), async () => {
      try {
        done({ value: await step(form.value('password')) });
      } catch (error) {
        if (isAboutPassword(error)) throw error;
        done({ error });
      }
    });
    return [el('p', { class: 'muted' }, _('This step wants your password again.')), form.element];
  });
  if (outcome === null) throw new Cancelled();
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** Take a step of several calls; factor or password are asked for again if the server wants it. */
export const stepGuarded = <T>(step: Step<T>): Promise<T> =>
  withProof(step, { factor: factorShown, password: withPassword });

/** Make a call; factor or password are asked for again if the server wants it. */
export const guarded = <T>(method: string, path: string, body: object = {}): Promise<T> =>
  stepGuarded((password) => call<T>(method, path, { body: password ? { ...body, password } : body }));
