// How long to wait before the next attempt to reconnect.

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 15_000;

/** Full jitter: any wait up to the doubled bound, so that a crowd does not come back at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const bound = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** attempt);
  return Math.round(BACKOFF_FIRST_MS / 2 + random() * bound);
}
