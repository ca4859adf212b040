// Where a page goes when the session behind it has ended.
import { pageConfig } from './config.ts';

export function logInAtSessionEnd(): void {
  window.addEventListener('session-ended', () => {
    const next = encodeURIComponent(location.pathname);
    location.assign(`${pageConfig().log_in_url}?next=${next}&ended=1`);
  });
}
