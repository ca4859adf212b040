// What buttons do: an error is told, a closed question is none.
import { explained } from './api.ts';
import { announce } from './dom.ts';
import { Cancelled } from './step-up.ts';

export async function attempt(step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof Cancelled)) announce(explained(error), 'bad');
  }
}
