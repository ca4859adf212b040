// The log-in page: a passkey in place of the password, or after it.
import { gettext as _ } from './lib/i18n.ts';
import { passkeyForLogIn, passkeyProblem, passkeySupport } from './lib/passkeys.ts';

function field(form: HTMLFormElement, name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement;
}

function say(form: HTMLFormElement, text: string): void {
  const place = form.querySelector<HTMLElement>('[data-problem]');
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
}

async function logIn(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  say(form, '');
  button.disabled = true;
  try {
    const shown = await passkeyForLogIn(field(form, 'ticket').value);
    field(form, 'challenge_id').value = shown.challenge_id;
    field(form, 'credential').value = JSON.stringify(shown.credential);
    form.submit();
  } catch (error) {
    say(form, passkeyProblem(error));
    button.disabled = false;
    button.focus();
  }
}

function start(form: HTMLFormElement): void {
  const button = form.querySelector('button');
  if (!button) return;
  const { domain = '', address = '' } = form.dataset;
  const support = passkeySupport(domain);
  form.hidden = false;
  if (support !== 'ok') {
    button.disabled = true;
    const texts = {
      unsupported: _('This browser cannot use passkeys.'),
      address: _('Passkeys work at {address} only. Open the platform there.', { address }),
    };
    say(form, texts[support]);
    return;
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void logIn(form, button);
  });
  // Back from another page: the browser shows this one as it was left.
  window.addEventListener('pageshow', () => (button.disabled = false));
}

const form = document.querySelector<HTMLFormElement>('form[data-passkey]');
if (form) start(form);
