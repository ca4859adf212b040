// What a reader sees of a stale price: it is dimmed, and a note beside it tells its age.
import { el, setText } from './dom.ts';
import * as format from './format.ts';
import { gettext as _ } from './i18n.ts';

export function staleNote(): HTMLElement {
  return el('span', { class: 'stale-note', hidden: true });
}

/** Dim what holds a price, or show it as it is. */
export function showAge(holder: HTMLElement, note: HTMLElement, ageMs: number | null | undefined): void {
  const isStale = ageMs !== null && ageMs !== undefined;
  holder.classList.toggle('is-stale', isStale);
  note.hidden = !isStale;
  if (!isStale) return;
  const age = format.age(ageMs);
  setText(note, _('{age} old', { age }));
  note.title = _('Nobody has confirmed this price for {age}.', { age });
}
