// An element that shows what one call answers: loading, the answer, or the error with a retry.
import { explained } from './api.ts';
import { el } from './dom.ts';
import { gettext as _ } from './i18n.ts';

export abstract class Loaded<T> extends HTMLElement {
  protected abstract load(): Promise<T>;
  protected abstract draw(value: T): Node[];

  connectedCallback(): void {
    this.replaceChildren(el('p', { class: 'empty' }, _('Loading…')));
    void this.reload();
  }

  protected async reload(): Promise<void> {
    this.setAttribute('aria-busy', 'true');
    try {
      this.replaceChildren(...this.draw(await this.load()));
    } catch (error) {
      const again = el('button', { type: 'button', class: 'button small' }, _('Try again'));
      again.addEventListener('click', () => void this.reload());
      this.replaceChildren(
        el('div', { class: 'settings-problem', role: 'alert' }, el('p', {}, explained(error)), again),
      );
    } finally {
      this.setAttribute('aria-busy', 'false');
    }
  }
}
