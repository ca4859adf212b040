// Calls that want to know again who is there: ask for what they want, then make the call again.
import { ApiError } from './api.ts';

/** The reader closed the question instead of answering it. */
export class Cancelled extends Error {}

/** A step of one or more calls; the password goes with it where the server asks for that. */
export type Step<T> = (password?: string) => Promise<T>;

/** How the reader shows who is there. */
export interface Proof<T> {
  /** Ask for the second factor; whether it was shown. */
  factor: () => Promise<boolean>;
  /** Ask for the password and take the step with it. */
  password: (step: Step<T>) => Promise<T>;
}

const wants = (error: unknown, code: string): boolean => error instanceof ApiError && error.code === code;

/** Take a step; when it wants the factor or the password, ask for it and take it once more. */
export async function withProof<T>(step: Step<T>, ask: Proof<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (wants(error, 'PASSWORD_REQUIRED')) return ask.password(step);
    if (!wants(error, 'FRESH_FACTOR_REQUIRED')) throw error;
  }
  if (!(await ask.factor())) throw new Cancelled();
  return step();
}
