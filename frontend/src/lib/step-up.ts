// Calls that want a fresh second factor: ask for it, then make the call again.
import { ApiError } from './api.ts';

/** The reader closed the question instead of answering it. */
export class Cancelled extends Error {}

export const wantsFactor = (error: unknown): boolean =>
  error instanceof ApiError && error.code === 'FRESH_FACTOR_REQUIRED';

/** Make a call; when it wants the factor, `show` it and make the same call once more. */
export async function withFactor<T>(call: () => Promise<T>, show: () => Promise<boolean>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!wantsFactor(error)) throw error;
  }
  if (!(await show())) throw new Cancelled();
  return call();
}
