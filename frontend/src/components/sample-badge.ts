// <sample-badge>: says that prices shown beside it come from the sample market.
import { theDesk } from '../lib/desk.ts';
import { setText } from '../lib/dom.ts';
import { gettext as _ } from '../lib/i18n.ts';

export class SampleBadge extends HTMLElement {
  connectedCallback(): void {
    this.hidden = true;
    this.className = 'badge badge-sample';
    setText(this, _('Sample data'));
    theDesk().onQuote((quote) => {
      if (quote.source.includes('SAMPLE')) this.hidden = false;
    });
  }
}

customElements.define('sample-badge', SampleBadge);
