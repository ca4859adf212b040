// <data-export>: asks for a copy of the account's data and links to it when it is made.
import { getList } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { el } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';
import { guarded } from '../components/step-up-dialog.ts';

interface Export {
  id: string;
  status: 'PENDING' | 'READY' | 'FAILED';
  created_at: string;
  expires_at: string;
  size_bytes: number;
  url: string | null;
}

const URL_PATH = '/api/account/export';
const ASK_AGAIN_MS = 2000;
const KB = 1024;

export class DataExport extends Loaded<Export[]> {
  private timer = 0;

  protected load(): Promise<Export[]> {
    return getList<Export>(URL_PATH);
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.timer);
  }

  protected draw(exports: Export[]): Node[] {
    const isPending = exports.some((one) => one.status === 'PENDING');
    const ask = el('button', { type: 'button', class: 'button primary', disabled: isPending }, _('Make a copy'));
    ask.addEventListener('click', () =>
      void attempt(async () => {
        ask.disabled = true;
        await guarded('POST', URL_PATH).finally(() => (ask.disabled = false));
        await this.reload();
      }),
    );
    window.clearTimeout(this.timer);
    if (isPending) this.timer = window.setTimeout(() => void this.reload(), ASK_AGAIN_MS);
    const list = el('ul', { class: 'items' }, ...exports.map((one) => this.row(one)));
    return [...(exports.length ? [list] : []), el('div', { class: 'settings-actions' }, ask)];
  }

  private row(one: Export): HTMLElement {
    const size = _('{size} kB', { size: format.plain(Math.max(1, one.size_bytes / KB), 0) });
    const until = _('deleted at {time}', { time: format.dateTime(one.expires_at) });
    const words = { PENDING: _('Being made…'), READY: `${size} · ${until}`, FAILED: _('This copy failed. Please make another.') };
    const link = one.url ? el('a', { class: 'button small', href: one.url, download: true }, _('Download')) : null;
    return el(
      'li',
      { 'data-status': one.status },
      el('div', {}, el('b', { class: 'num' }, format.dateTime(one.created_at)), el('p', { class: 'muted num' }, words[one.status])),
      el('div', { class: 'item-actions' }, link),
    );
  }
}

customElements.define('data-export', DataExport);
