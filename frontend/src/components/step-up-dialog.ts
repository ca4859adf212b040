// Asks for the second factor where a call wants a fresh one, then makes the call again.
import { call } from '../lib/api.ts';
import { openDialog } from '../lib/dialog.ts';
import { el } from '../lib/dom.ts';
import { ApiForm, textField } from '../lib/forms.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { withFactor } from '../lib/step-up.ts';

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
    return [el('p', { class: 'muted' }, _('This step wants your second factor again.')), form.element];
  });
  return answer === true;
}

/** Make a call, with the second factor shown again if the server wants it. */
export const guarded = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  withFactor(() => call<T>(method, path, body === undefined ? {} : { body }), shown);
