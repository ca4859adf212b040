// A button that copies a text; where the browser forbids it, the text is selected instead.
import { announce, el, icon } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';

export function copyButton(text: string, shown: HTMLElement): HTMLButtonElement {
  const button = el('button', { type: 'button', class: 'button small' }, icon('copy'), _('Copy'));
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce(_('Copied.'), 'good');
    } catch {
      window.getSelection()?.selectAllChildren(shown);
      announce(_('Press Ctrl+C to copy what is selected.'));
    }
  });
  return button;
}

/** Something that is shown only now, with a button to copy it. */
export function onceShown(text: string, note: string): HTMLElement {
  const value = el('code', { class: 'secret' }, text);
  return el('div', { class: 'once' }, el('p', {}, note), el('div', { class: 'once-row' }, value, copyButton(text, value)));
}
