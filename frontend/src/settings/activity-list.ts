// <activity-list>: the audit log of the account, in pages.
import { type Activity, activityText, isAlarming } from '../lib/activity.ts';
import { get } from '../lib/api.ts';
import { attempt } from '../lib/attempt.ts';
import { el } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { Loaded } from '../lib/loaded.ts';

interface Page {
  results: Activity[];
  next: string | null;
}

export class ActivityList extends Loaded<Page> {
  protected load(): Promise<Page> {
    return get<Page>('/api/account/security-activity?limit=30');
  }

  protected draw(page: Page): Node[] {
    if (!page.results.length) return [el('p', { class: 'empty' }, _('Nothing has happened yet.'))];
    const list = el('ul', { class: 'items activity' });
    const more = el('button', { type: 'button', class: 'button' }, _('Show older entries'));
    let next = this.add(list, page, more);
    more.addEventListener('click', () =>
      void attempt(async () => {
        more.disabled = true;
        try {
          if (next) next = this.add(list, await get<Page>(next), more);
        } finally {
          more.disabled = false;
        }
      }),
    );
    return [list, el('div', { class: 'settings-actions' }, more)];
  }

  private add(list: HTMLElement, page: Page, more: HTMLElement): string | null {
    list.append(...page.results.map((one) => this.row(one)));
    more.hidden = page.next === null;
    return page.next;
  }

  private row(one: Activity): HTMLElement {
    const where = [one.ip, one.device || one.user_agent].filter(Boolean).join(' · ');
    return el(
      'li',
      { 'data-action': one.action },
      el('span', { class: `dot ${isAlarming(one.action) ? 'dot-bad' : ''}`, 'aria-hidden': 'true' }),
      el('div', {}, el('b', {}, activityText(one.action)), where ? el('p', { class: 'muted clip', title: one.user_agent }, where) : null),
      el('time', { class: 'num muted', datetime: one.occurred_at }, format.dateTime(one.occurred_at, true)),
    );
  }
}

customElements.define('activity-list', ActivityList);
