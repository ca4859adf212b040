// What pages beside the trading page need: the language, the socket, and the way to the log-in.
import { pageConfig } from './config.ts';
import { theDesk } from './desk.ts';
import { useLocale } from './format.ts';
import { logInAtSessionEnd } from './session-end.ts';

export function startPage(): void {
  useLocale(pageConfig().language);
  logInAtSessionEnd();
  theDesk().socket.start();
}

/** Open a symbol on the trading page, which remembers the last one chosen. */
export function tradeLink(symbol: string): string {
  return `/trade?symbol=${encodeURIComponent(symbol)}`;
}
