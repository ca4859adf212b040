import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LiveSocket } from '../src/lib/socket.ts';
import type { Frame } from '../src/lib/types.ts';

/** The browser's end of a connection; the test plays the server. */
class Wire extends EventTarget {
  static readonly OPEN = 1;
  static last: Wire;
  readonly readyState = Wire.OPEN;
  sent: unknown[] = [];

  constructor(readonly url: string) {
    super();
    Wire.last = this;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  serve(frame: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
  }
}

const browser = {
  WebSocket: Wire,
  location: { protocol: 'http:', host: 'localhost:8000' },
  document: new EventTarget(),
  window: Object.assign(new EventTarget(), { setInterval: () => 0 }),
};
const ours = globalThis as Record<string, unknown>;
const before = Object.fromEntries(Object.keys(browser).map((name) => [name, ours[name]]));

beforeEach(() => void Object.assign(ours, browser));
afterEach(() => void Object.assign(ours, before));

interface Heard {
  wire: Wire;
  frames: Frame[];
}

/** A socket that has joined `user` at number 7. */
function joined(): Heard {
  const frames: Frame[] = [];
  const socket = new LiveSocket('/ws');
  socket.join('user', (frame) => frames.push(frame), () => assert.fail('no resync was asked for'));
  socket.start();
  const wire = Wire.last;
  wire.dispatchEvent(new Event('open'));
  wire.serve({
    type: 'subscribed',
    sequence: 0,
    ts: '2026-11-23T06:00:00+00:00',
    streams: ['user'],
    positions: { user: { epoch: 'e1', seq: 7 } },
  });
  wire.sent = [];
  return { wire, frames };
}

/** The heartbeat of docs/asyncapi.yaml, as realtime/session.py sends it. */
const heartbeat = (seq: number, epoch = 'e1') => ({
  type: 'heartbeat',
  ts: '2026-11-23T06:00:15+00:00',
  streams: { user: { epoch, seq }, 'market:AAPL': { epoch: 'm1', seq: 4000 } },
});

test('a heartbeat that is ahead makes the socket resume where it stands', () => {
  const { wire, frames } = joined();

  wire.serve(heartbeat(9));
  assert.deepEqual(wire.sent, [{ type: 'resume', stream: 'user', epoch: 'e1', seq: 7 }]);

  for (const seq of [8, 9]) wire.serve({ type: 'portfolio', stream: 'user', epoch: 'e1', seq });
  wire.serve(heartbeat(9));
  assert.deepEqual(frames.map((frame) => frame.seq), [8, 9]);
  assert.equal(wire.sent.length, 1);
});

test('a heartbeat of another epoch makes the socket resume; one that tells nothing new does not', () => {
  const { wire } = joined();

  wire.serve(heartbeat(7));
  assert.deepEqual(wire.sent, []);

  wire.serve(heartbeat(1, 'e2'));
  assert.deepEqual(wire.sent, [{ type: 'resume', stream: 'user', epoch: 'e1', seq: 7 }]);
});
