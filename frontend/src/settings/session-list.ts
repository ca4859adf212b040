// <session-list>: where the account is logged in, and ending that.
import { call, getList } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { confirmed } from '../lib/dialog.ts';
import { announce, el, icon } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';

interface Session {
  id: string;
  device: string;
  user_agent: string;
  ip: string;
  created_at: string;
  last_seen_at: string;
  is_current: boolean;
}

const URL_PATH = '/api/account/sessions';

export class SessionList extends Loaded<Session[]> {
  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('sessions-changed', () => void this.reload());
  }

  protected load(): Promise<Session[]> {
    return getList<Session>(URL_PATH);
  }

  protected draw(sessions: Session[]): Node[] {
    const ordered = [...sessions].sort((one, other) => Number(other.is_current) - Number(one.is_current));
    const list = el('ul', { class: 'items' }, ...ordered.map((one) => this.row(one)));
    if (sessions.length < 2) return [list];
    const all = el('button', { type: 'button', class: 'button danger-quiet' }, _('End all others'));
    all.addEventListener('click', () => void attempt(() => this.endOthers()));
    return [list, el('div', { class: 'settings-actions' }, all)];
  }

  private row(one: Session): HTMLElement {
    const [seen, since] = [format.dateTime(one.last_seen_at), format.dateTime(one.created_at)];
    const name = one.device || one.user_agent || _('Unknown device');
    const place = one.ip || _('unknown address');
    const end = el('button', { type: 'button', class: 'button small danger-quiet', 'aria-label': _('End the session on {name}', { name }) }, _('End'));
    end.addEventListener('click', () => void attempt(() => this.end(one)));
    return el(
      'li',
      { 'data-session': one.id, title: one.user_agent },
      icon('device'),
      el(
        'div',
        {},
        el('b', {}, name),
        one.is_current ? el('span', { class: 'tag tag-good' }, _('this device')) : null,
        el('p', { class: 'muted num' }, _('{place} · last seen {seen} · since {since}', { place, seen, since })),
      ),
      el('div', { class: 'item-actions' }, one.is_current ? null : end),
    );
  }

  private async end(one: Session): Promise<void> {
    await call('DELETE', `${URL_PATH}/${one.id}`);
    announce(_('The session was ended.'), 'good');
    await this.reload();
  }

  private async endOthers(): Promise<void> {
    const text = _('You stay logged in here; everywhere else the password is asked for again.');
    if (!(await confirmed(_('End all other sessions?'), text, _('End all others')))) return;
    await call('DELETE', `${URL_PATH}?keep_current=true`);
    announce(_('All other sessions were ended.'), 'good');
    await this.reload();
  }
}

customElements.define('session-list', SessionList);
