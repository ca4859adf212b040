// What pages beside the trading page need: the language, the socket, and the way to the log-in.
import { pageConfig } from './config.ts';
import { theDesk } from './desk.ts';
import { useLocale } from './format.ts';

export function startPage(): void {
  useLocale(pageConfig().language);
  window.addEventListener('session-ended', () => {
    location.assign(`${pageConfig().log_in_url}?next=${encodeURIComponent(location.pathname)}&ended=1`);
  });
  theDesk().socket.start();
}

/** Open a symbol on the trading page, which remembers the last one chosen. */
export function tradeLink(symbol: string): string {
  return `/trade?symbol=${encodeURIComponent(symbol)}`;
}
