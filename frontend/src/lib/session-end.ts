// Where a page goes when the session behind it has ended.
import { pageConfig } from './config.ts';

export function logInAtSessionEnd(): void {
  let isLoggingOut = false;
  // Who logs out here is on the way already, and need not be told that the session has ended.
  document.addEventListener('submit', (event) => {
    if (new URL((event.target as HTMLFormElement).action).pathname === '/log-out') isLoggingOut = true;
  });
  window.addEventListener('session-ended', () => {
    if (isLoggingOut) return;
    const next = encodeURIComponent(location.pathname);
    location.assign(`${pageConfig().log_in_url}?next=${next}&ended=1`);
  });
}
