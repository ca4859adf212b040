// <email-notice>: says that the address is not confirmed, and sends the link again.
import { call, get } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { announce, el } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';

interface Me {
  email: string;
  email_verified_at: string | null;
}

export class EmailNotice extends HTMLElement {
  connectedCallback(): void {
    this.hidden = true;
    void attempt(async () => this.show(await get<Me>('/api/account/me')));
  }

  private show({ email, email_verified_at }: Me): void {
    if (email_verified_at) return;
    const send = el('button', { type: 'button', class: 'button small' }, _('Send the link again'));
    send.addEventListener('click', () =>
      void attempt(async () => {
        await call('POST', '/api/account/email/verify');
        send.disabled = true;
        announce(_('The mail is on its way.'), 'good');
      }),
    );
    const text = _('Confirm your e-mail address first: we have sent a link to {email}.', { email });
    this.replaceChildren(el('p', {}, text), send);
    this.hidden = false;
  }
}

customElements.define('email-notice', EmailNotice);
