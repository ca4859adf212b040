import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff } from '../src/lib/backoff.ts';
import { Cursor } from '../src/lib/cursor.ts';

const frame = (epoch: string, seq: number) => ({ type: 'portfolio', stream: 'user', epoch, seq });

test('a stream is followed number by number', () => {
  const cursor = new Cursor();
  assert.equal(cursor.position, null);
  assert.equal(cursor.judge(frame('e1', 7), false), 'next');
  assert.equal(cursor.judge(frame('e1', 8), false), 'next');
  assert.equal(cursor.judge(frame('e1', 8), false), 'old');
  assert.equal(cursor.judge(frame('e1', 3), false), 'old');
  assert.deepEqual(cursor.position, { epoch: 'e1', seq: 8 });
});

test('a gap is seen and the place is kept for the resume', () => {
  const cursor = new Cursor();
  cursor.judge(frame('e1', 7), false);
  assert.equal(cursor.judge(frame('e1', 9), false), 'gap');
  assert.deepEqual(cursor.position, { epoch: 'e1', seq: 7 });
  assert.equal(cursor.judge(frame('e1', 8), false), 'next');
  assert.equal(cursor.judge(frame('e1', 9), false), 'next');
});

test('quotes may skip numbers but never go back', () => {
  const cursor = new Cursor();
  cursor.judge(frame('e1', 7), true);
  assert.equal(cursor.judge(frame('e1', 70), true), 'next');
  assert.equal(cursor.judge(frame('e1', 69), true), 'old');
});

test('quotes of an earlier epoch are old, those of a later one are not', () => {
  const cursor = new Cursor();
  cursor.judge(frame('7', 3), true);
  assert.equal(cursor.judge(frame('0', 0), true), 'old');
  assert.equal(cursor.judge(frame('6', 99), true), 'old');
  assert.equal(cursor.judge(frame('8', 1), true), 'new-epoch');
  assert.deepEqual(cursor.position, { epoch: '8', seq: 1 });
});

test('a new epoch asks for a snapshot', () => {
  const cursor = new Cursor();
  cursor.judge(frame('e1', 7), false);
  assert.equal(cursor.judge(frame('e2', 1), false), 'new-epoch');
  assert.deepEqual(cursor.position, { epoch: 'e2', seq: 1 });
});

test('a heartbeat shows what was lost in silence', () => {
  const cursor = new Cursor();
  assert.equal(cursor.isBehind('e1', 9), false);
  cursor.moveTo('e1', 7);
  assert.equal(cursor.isBehind('e1', 7), false);
  assert.equal(cursor.isBehind('e1', 8), true);
  assert.equal(cursor.isBehind('e2', 1), true);
});

test('frames outside any order pass', () => {
  assert.equal(new Cursor().judge({ type: 'pong' }, false), 'next');
});

test('reconnects wait longer each time, up to a bound, and not all alike', () => {
  const longest = [0, 1, 2, 3, 10].map((attempt) => backoff(attempt, () => 1));
  assert.deepEqual(longest, [750, 1250, 2250, 4250, 15250]);
  assert.equal(backoff(3, () => 0), 250);
});
