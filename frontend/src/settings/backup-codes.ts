// <backup-codes>: how many are left, and new ones; they stand in for the app and for passkeys alike.
import { attempt } from '../lib/attempt.ts';
import { openDialog } from '../lib/dialog.ts';
import { el } from '../lib/dom.ts';
import { FactorPanel, type FactorState } from '../lib/factors.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { copyButton } from '../components/copy-button.ts';
import { guarded } from '../components/step-up-dialog.ts';

const FEW = 3;

/** Backup codes are shown once: to copy, to print, and to say that they are kept. */
export async function showBackupCodes(codes: string[]): Promise<void> {
  await openDialog<boolean>(_('Your backup codes'), (done) => {
    const list = el('ol', { class: 'backup-codes' }, ...codes.map((one) => el('li', {}, el('code', {}, one))));
    const print = el('button', { type: 'button', class: 'button small' }, _('Print'));
    const kept = el('button', { type: 'button', class: 'button primary' }, _('I have kept them'));
    print.addEventListener('click', () => window.print());
    kept.addEventListener('click', () => done(true));
    return [
      el('p', {}, _('Each opens your account once when your phone is not at hand. They are shown only now; keep them apart from your phone.')),
      list,
      el('div', { class: 'settings-actions' }, copyButton(codes.join('\n'), list), print, kept),
    ];
  });
}

export class BackupCodes extends FactorPanel {
  protected draw(state: FactorState): Node[] {
    if (!state.has_second_factor) {
      return [el('p', { class: 'empty' }, _('They come with the first authenticator app or passkey.'))];
    }
    const left = _('{count} backup codes left', { count: state.backup_codes_left });
    const renew = el('button', { type: 'button', class: 'button' }, _('New backup codes'));
    renew.addEventListener('click', () => void attempt(() => this.renew()));
    return [
      el('p', { class: state.backup_codes_left <= FEW ? 'form-note' : 'muted' }, left),
      el('div', { class: 'settings-actions' }, renew),
    ];
  }

  private async renew(): Promise<void> {
    const answer = await guarded<{ backup_codes: string[] }>('POST', '/api/account/otp/backup-codes');
    await this.reload();
    await showBackupCodes(answer.backup_codes);
  }
}

customElements.define('backup-codes', BackupCodes);
