// A modal question on top of the page.
import { el, icon } from './dom.ts';
import { gettext as _ } from './i18n.ts';

/** Show a dialog until `done` is called; null when it was closed without an answer. */
export function openDialog<T>(title: string, body: (done: (value: T) => void) => Node[]): Promise<T | null> {
  return new Promise((resolve) => {
    let answer: T | null = null;
    const close = el('button', { type: 'button', class: 'button ghost round', 'aria-label': _('Close') }, icon('plus'));
    const heading = el('h2', { id: 'dialog-title' }, title);
    const dialog = el(
      'dialog',
      { class: 'dialog', 'aria-labelledby': 'dialog-title' },
      el('header', {}, heading, close),
      ...body((value) => {
        answer = value;
        dialog.close();
      }),
    );
    close.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Ask for a yes; the button says what will happen. */
export async function confirmed(title: string, text: string, action: string): Promise<boolean> {
  const answer = await openDialog<boolean>(title, (done) => {
    const go = el('button', { type: 'button', class: 'button danger' }, action);
    const stay = el('button', { type: 'button', class: 'button' }, _('Cancel'));
    go.addEventListener('click', () => done(true));
    stay.addEventListener('click', () => done(false));
    return [el('p', {}, text), el('div', { class: 'settings-actions' }, stay, go)];
  });
  return answer === true;
}
