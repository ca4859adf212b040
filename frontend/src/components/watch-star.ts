// <watch-star>: whether the selected symbol is on the shown watchlist; a press changes that.
import { theDesk } from '../lib/desk.ts';
import { el, icon } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { theWatchlists } from '../lib/watchlists.ts';

export class WatchStar extends HTMLElement {
  private desk = theDesk();
  private watchlists = theWatchlists();
  private button = el('button', { type: 'button', class: 'button ghost round small-round' }, icon('star'));

  connectedCallback(): void {
    this.append(this.button);
    this.button.addEventListener('click', () => this.pressed());
    this.desk.symbol.watch(() => this.show());
    this.watchlists.lists.watch(() => this.show());
  }

  private get isWatched(): boolean {
    return this.watchlists.symbols.includes(this.desk.symbol.value);
  }

  private pressed(): void {
    const symbol = this.desk.symbol.value;
    void (this.isWatched ? this.watchlists.drop(symbol) : this.watchlists.add(symbol));
  }

  private show(): void {
    const name = this.isWatched ? _('Take off the watchlist') : _('Put on the watchlist');
    this.button.setAttribute('aria-pressed', String(this.isWatched));
    this.button.setAttribute('aria-label', name);
    this.button.title = name;
  }
}

customElements.define('watch-star', WatchStar);
