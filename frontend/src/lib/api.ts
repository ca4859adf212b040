// The REST client: session cookie + CSRF, the error envelope, and a request id for each call.
import { pageConfig } from './config.ts';
import { gettext as _ } from './i18n.ts';

interface Envelope {
  errorCode?: string;
  message?: string;
  details?: Record<string, unknown>;
  request_id?: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown>;
  readonly requestId: string;

  constructor(status: number, body: Envelope) {
    super(body.message ?? _('The server could not be reached.'));
    this.status = status;
    this.code = body.errorCode ?? (status ? `HTTP_${status}` : 'OFFLINE');
    this.details = body.details ?? {};
    this.requestId = body.request_id ?? '';
  }
}

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? '';
}

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

async function answered(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = {
    Accept: 'application/json',
    'Accept-Language': pageConfig().language,
    ...options.headers,
  };
  if (method !== 'GET') headers['X-CSRFToken'] = csrfToken();
  const request: RequestInit = { method, headers, credentials: 'same-origin' };
  if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    request.body = JSON.stringify(options.body);
  }
  if (options.signal) request.signal = options.signal;
  let response: Response;
  try {
    response = await fetch(path, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, {});
  }
  const body = await answered(response);
  if (response.ok) return body as T;
  const error = new ApiError(response.status, (body as Envelope | null) ?? {});
  if (error.status === 401 && pageConfig().signed_in) {
    window.dispatchEvent(new CustomEvent('session-ended'));
  }
  throw error;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, signal ? { signal } : {});

/** Lists come as `{"results": [...]}`; a bare list is accepted too. */
export async function getList<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const body = await get<T[] | { results: T[] }>(path, signal);
  return Array.isArray(body) ? body : body.results;
}

/** A message for the reader: the server's own figures in English, our words in other languages. */
export function explained(error: unknown): string {
  if (!(error instanceof ApiError)) return _('Something went wrong. Please try again.');
  if (pageConfig().language === 'en') return error.message;
  const known: Record<string, string> = {
    INSUFFICIENT_CASH: _('Not enough cash for this order.'),
    INSUFFICIENT_SHARES: _('Not enough shares to sell.'),
    PRICE_OFF_TICK: _('The price is not on the tick grid.'),
    PRICE_OUT_OF_BAND: _('The price is outside the daily limits.'),
    PRICE_COLLAR: _('The price is too far from the market.'),
    QUANTITY_OFF_LOT: _('The quantity must be whole lots.'),
    ORDER_TOO_LARGE: _('The order is too large.'),
    ORDER_STATE_CONFLICT: _('The order can no longer be changed.'),
    MARKET_CLOSED: _('The exchange is closed; orders are taken in its regular session.'),
    QUOTE_STALE: _('There is no fresh quote for this symbol right now.'),
    QUOTE_UNAVAILABLE: _('There is no quote for this symbol yet.'),
    ALERT_LIMIT_REACHED: _('You have the most active alerts that are allowed.'),
    SCREEN_LIMIT_REACHED: _('You have the most saved screens that are allowed.'),
    SYMBOL_CHANGED: _('This instrument goes by another symbol now.'),
    SYMBOL_UNKNOWN: _('This symbol is unknown.'),
    WATCHLIST_CHANGED: _('The watchlist was changed elsewhere; it is shown as it is now.'),
    WATCHLIST_ITEM_EXISTS: _('This symbol is on the watchlist already.'),
    WATCHLIST_LIMIT_REACHED: _('The watchlist is full, or you have the most that are allowed.'),
    TRADING_HALTED: _('Trading is halted by the operator. Cancels still work.'),
    PORTFOLIO_LIMIT_REACHED: _('You have the most portfolios that are allowed.'),
    RATE_LIMITED: _('Too many requests. Please wait a moment.'),
    SESSION_ENDED: _('Your session has ended. Please log in again.'),
    API_KEY_LIMIT_REACHED: _('You have as many API keys as are allowed. Revoke one first.'),
    BROKER_KEY_EXISTS: _('A key of this provider is stored already. Delete it first.'),
    CONFLICT: _('Something changed meanwhile. Please reload the page.'),
    EMAIL_UNVERIFIED: _('Confirm your e-mail address first.'),
    FRESH_FACTOR_REQUIRED: _('This needs your second factor.'),
    INVALID_INPUT: _('Please check the marked fields.'),
    NOT_CONFIGURED: _('The platform does not offer this yet.'),
    NOT_FOUND: _('This no longer exists.'),
    NOTIFICATION_REQUIRED: _('Security alerts cannot be turned off.'),
    OTP_ALREADY_ON: _('The authenticator app is on already.'),
    OTP_CODE_INVALID: _('This code is wrong or was used before.'),
    OTP_NOT_ON: _('There is no second factor.'),
    PASSWORD_REQUIRED: _('This needs your password.'),
    PASSWORD_WRONG: _('This is not your password.'),
    QUESTIONNAIRE_OUTDATED: _('The questions have changed. Please answer them again.'),
    UNAVAILABLE: _('The service is busy. Please try again in a moment.'),
    OFFLINE: _('The server could not be reached.'),
  };
  return known[error.code] ?? error.message;
}
