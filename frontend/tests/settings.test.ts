import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activityText, isAlarming } from '../src/lib/activity.ts';
import { ApiError } from '../src/lib/api.ts';
import { faultsOf } from '../src/lib/forms.ts';
import { useTexts } from '../src/lib/i18n.ts';
import { Cancelled, withProof } from '../src/lib/step-up.ts';
import { type Question, Stepper } from '../src/lib/stepper.ts';

useTexts({});

const QUESTIONS: Question[] = ['goal', 'horizon'].map((code) => ({
  code,
  text: `${code}?`,
  answers: [
    { code: 'A', text: 'a' },
    { code: 'B', text: 'b' },
  ],
}));
const refusal = (code: string): ApiError => new ApiError(403, { errorCode: code, message: 'no' });

test('a step waits for its answer, and the budget comes last', () => {
  const steps = new Stepper(QUESTIONS);
  assert.equal(steps.next(), false);
  steps.choose('A');
  assert.equal(steps.next(), true);
  steps.choose('B');
  assert.equal(steps.next(), true);
  assert.equal(steps.question, null);
  assert.equal(steps.next(), false);
  assert.deepEqual(steps.body, { goal: 'A', horizon: 'B' });
});

test('going back keeps what was answered and stops at the first question', () => {
  const steps = new Stepper(QUESTIONS, { goal: 'B', horizon: 'A' });
  assert.equal(steps.back(), false);
  steps.next();
  assert.equal(steps.back(), true);
  assert.equal(steps.at, 0);
  assert.deepEqual(steps.body, { goal: 'B', horizon: 'A' });
});

test('an earlier answer that is no longer offered has to be given anew', () => {
  const steps = new Stepper(QUESTIONS, { goal: 'Z', horizon: 'A', other: 'B' });
  assert.deepEqual(steps.body, { horizon: 'A' });
  assert.equal(steps.isAnswered, false);
});

const never = async (): Promise<never> => assert.fail('asked');

test('a call that wants the password is made again with it', async () => {
  const given: (string | undefined)[] = [];
  const answer = await withProof<string>(
    async (password) => {
      given.push(password);
      if (!password) throw refusal('PASSWORD_REQUIRED');
      return 'done';
    },
    { factor: never, password: (step) => step('secret') },
  );
  assert.deepEqual([answer, given], ['done', [undefined, 'secret']]);
});

test('a call that wants the factor is made again once it was shown', async () => {
  let [calls, asked] = [0, 0];
  const answer = await withProof(
    async () => {
      calls += 1;
      if (calls === 1) throw refusal('FRESH_FACTOR_REQUIRED');
      return 'done';
    },
    {
      factor: async () => {
        asked += 1;
        return true;
      },
      password: never,
    },
  );
  assert.deepEqual([answer, calls, asked], ['done', 2, 1]);
});

test('closing the question makes no second call', async () => {
  let calls = 0;
  const refused = withProof(
    async () => {
      calls += 1;
      throw refusal('FRESH_FACTOR_REQUIRED');
    },
    { factor: async () => false, password: never },
  );
  await assert.rejects(refused, Cancelled);
  assert.equal(calls, 1);
});

test('other refusals are passed on without a question', async () => {
  const refused = withProof(
    async () => {
      throw refusal('RATE_LIMITED');
    },
    { factor: never, password: never },
  );
  await assert.rejects(refused, (error) => error instanceof ApiError && error.code === 'RATE_LIMITED');
});

test('faults are found by field, inner ones joined', () => {
  const faults = faultsOf({ name: ['Too long.', 'Odd.'], answers: { goal: ['Missing.'] }, limit: 3 });
  assert.equal(faults.get('name'), 'Too long. Odd.');
  assert.equal(faults.get('answers'), 'Missing.');
  assert.equal(faults.get('limit'), '');
});

test('entries of the audit log read as sentences, also unknown ones', () => {
  assert.equal(activityText('LOGGED_IN'), 'Logged in');
  assert.equal(activityText('MOON_LANDED_ON'), 'Moon landed on');
  assert.equal(isAlarming('LOG_IN_REFUSED'), true);
  assert.equal(isAlarming('LOGGED_IN'), false);
});
