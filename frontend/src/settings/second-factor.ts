// <second-factor>: the authenticator app: QR code, first code, turning it off.
import { call } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { confirmed } from '../lib/dialog.ts';
import { announce, el, icon } from '../lib/dom.ts';
import { FactorPanel, type FactorState, tellFactorsChanged } from '../lib/factors.ts';
import { ApiForm, passwordField, textField } from '../lib/forms.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { onceShown } from '../components/copy-button.ts';
import { guarded } from '../components/step-up-dialog.ts';
import { showBackupCodes } from './backup-codes.ts';

interface Seed {
  secret: string;
  qr_svg: string;
}

export class SecondFactor extends FactorPanel {
  protected draw(state: FactorState): Node[] {
    return state.enabled ? this.on(state) : this.off();
  }

  private off(): Node[] {
    const password = passwordField('password', _('Your password'), 'current-password');
    const form = new ApiForm([password], _('Set up'), async () => {
      const body = { password: form.value('password') };
      this.replaceChildren(...this.setUp(await guarded<Seed>('POST', '/api/account/otp', body)));
      this.querySelector('input')?.focus();
    });
    return [el('p', { class: 'state state-off' }, _('Off')), form.element];
  }

  private setUp(seed: Seed): Node[] {
    const picture = el('img', {
      class: 'qr',
      alt: _('QR code for your authenticator app'),
      src: `data:image/svg+xml,${encodeURIComponent(seed.qr_svg)}`,
      width: 180,
      height: 180,
    });
    const code = textField('code', _('Code'), {
      autocomplete: 'one-time-code',
      inputmode: 'numeric',
      maxlength: 8,
      class: 'num',
    });
    const form = new ApiForm([code], _('Turn on'), async () => {
      const body = { code: form.value('code').replaceAll(' ', '') };
      const { backup_codes } = await call<{ backup_codes: string[] }>('POST', '/api/account/otp/confirm', { body });
      tellFactorsChanged();
      if (backup_codes.length) await showBackupCodes(backup_codes);
    });
    return [
      el(
        'div',
        { class: 'otp-setup' },
        picture,
        el(
          'ol',
          {},
          el('li', {}, _('Scan the code with an authenticator app.')),
          el('li', {}, onceShown(seed.secret, _('Or type this key into it:'))),
          el('li', {}, _('Enter the six digits that the app shows.'), form.element),
        ),
      ),
    ];
  }

  private on(state: FactorState): Node[] {
    const since = format.dateTime(state.confirmed_at);
    const off = el('button', { type: 'button', class: 'button danger-quiet' }, _('Turn off'));
    off.addEventListener('click', () => void attempt(() => this.turnOff()));
    return [
      el('p', { class: 'state state-on' }, icon('check'), _('On since {since}', { since })),
      el('div', { class: 'settings-actions' }, off),
    ];
  }

  private async turnOff(): Promise<void> {
    const text = _('Its codes will no longer open your account. Unless you have a passkey, your password alone will.');
    if (!(await confirmed(_('Turn the authenticator app off?'), text, _('Turn off')))) return;
    await guarded('DELETE', '/api/account/otp');
    announce(_('The authenticator app is off.'));
    tellFactorsChanged();
  }
}

customElements.define('second-factor', SecondFactor);
