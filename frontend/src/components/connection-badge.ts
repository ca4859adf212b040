// <connection-badge>: is what the page shows live?
import { theDesk } from '../lib/desk.ts';
import { el, setText } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';
import type { Health } from '../lib/socket.ts';

export class ConnectionBadge extends HTMLElement {
  private label = el('span');

  connectedCallback(): void {
    this.setAttribute('role', 'status');
    this.append(el('i', { class: 'dot', 'aria-hidden': 'true' }), this.label);
    theDesk().socket.health.watch((health) => this.show(health));
  }

  private show(health: Health): void {
    const words: Record<Health, string> = {
      connecting: _('Connecting…'),
      live: _('Live'),
      stale: _('No new data'),
      offline: _('Reconnecting…'),
      ended: _('Signed out'),
    };
    this.dataset['health'] = health;
    setText(this.label, words[health]);
    this.title = words[health];
  }
}

customElements.define('connection-badge', ConnectionBadge);
