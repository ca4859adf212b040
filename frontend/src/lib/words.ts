// The upper-case words of the API in the reader's language.
import { gettext as _ } from './i18n.ts';
import type { Side } from './types.ts';

export function sideText(side: Side | string): string {
  return side === 'BUY' ? _('Buy') : _('Sell');
}

export function typeText(type: string): string {
  const words: Record<string, string> = {
    MARKET: _('Market'),
    LIMIT: _('Limit'),
    STOP: _('Stop'),
    STOP_LIMIT: _('Stop limit'),
  };
  return words[type] ?? type;
}

export function statusText(status: string): string {
  const words: Record<string, string> = {
    NEW: _('New'),
    PENDING_SUBMIT: _('Sending'),
    SUBMITTED: _('Sent'),
    ACCEPTED: _('Working'),
    PARTIALLY_FILLED: _('Partly filled'),
    FILLED: _('Filled'),
    PENDING_CANCEL: _('Cancelling'),
    PENDING_REPLACE: _('Replacing'),
    CANCELED: _('Cancelled'),
    REJECTED: _('Rejected'),
    EXPIRED: _('Expired'),
    UNKNOWN: _('Checking'),
  };
  return words[status] ?? status;
}

export function toolText(tool: string): string {
  const words: Record<string, string> = {
    market_data: _('Market data'),
    technical_analysis: _('Technical analysis'),
    value_at_risk: _('Value at risk'),
    portfolio_summary: _('Portfolio summary'),
  };
  return words[tool] ?? tool.replaceAll('_', ' ');
}
