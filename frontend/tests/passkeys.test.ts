import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../src/lib/api.ts';
import { useTexts } from '../src/lib/i18n.ts';
import {
  bytesOf,
  creationOptions,
  passkeyMade,
  passkeyProblem,
  passkeyShown,
  passkeySupport,
  requestOptions,
  textOf,
} from '../src/lib/passkeys.ts';

const buffer = (...bytes: number[]): ArrayBuffer => Uint8Array.from(bytes).buffer;
const plain = (bytes: BufferSource): number[] => [...new Uint8Array(bytes as ArrayBuffer)];

function browser(container: unknown): void {
  const value = { credentials: container };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
}

test('bytes survive base64url, in both directions and at every length', () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Array.from({ length }, (_, index) => (index * 37 + length * 91) % 256);
    const text = textOf(buffer(...bytes));
    assert.match(text, /^[\w-]*$/);
    assert.deepEqual([...bytesOf(text)], bytes);
  }
  assert.equal(textOf(buffer(251, 255, 254)), '-__-');
  assert.deepEqual([...bytesOf('-__-')], [251, 255, 254]);
});

test('creation options carry bytes where the server wrote text', () => {
  const options = creationOptions({
    challenge: 'AQID',
    rp: { id: 'localhost', name: 'x' },
    user: { id: 'BAU', name: 'a@example.com', displayName: 'A' },
    excludeCredentials: [{ id: 'Bgc', type: 'public-key', transports: ['usb'] }],
  });
  assert.deepEqual(plain(options.challenge), [1, 2, 3]);
  assert.deepEqual(plain(options.user.id), [4, 5]);
  assert.equal(options.user.displayName, 'A');
  const [excluded] = options.excludeCredentials ?? [];
  assert.deepEqual(plain(excluded!.id), [6, 7]);
  assert.deepEqual(excluded!.transports, ['usb']);
  assert.equal(options.rp.id, 'localhost');
});

test('request options may name no credential at all', () => {
  const options = requestOptions({ challenge: 'AQID', rpId: 'localhost' });
  assert.deepEqual(plain(options.challenge), [1, 2, 3]);
  assert.deepEqual(options.allowCredentials, []);
});

test('what a device made and showed is written as text', async () => {
  const asked: unknown[] = [];
  browser({
    create: (options: unknown) => {
      asked.push(options);
      return Promise.resolve({
        rawId: buffer(1, 2),
        type: 'public-key',
        response: {
          clientDataJSON: buffer(3),
          attestationObject: buffer(4),
          getTransports: () => ['internal'],
        },
      });
    },
    get: () =>
      Promise.resolve({
        rawId: buffer(1, 2),
        type: 'public-key',
        response: {
          clientDataJSON: buffer(3),
          authenticatorData: buffer(5),
          signature: buffer(6),
          userHandle: null,
        },
      }),
  });
  const user = { id: 'BAU', name: 'a', displayName: 'A' };
  assert.deepEqual(await passkeyMade({ challenge: 'AQID', user }), {
    id: 'AQI',
    rawId: 'AQI',
    type: 'public-key',
    response: { clientDataJSON: 'Aw', attestationObject: 'BA', transports: ['internal'] },
  });
  assert.equal(asked.length, 1);
  assert.deepEqual(await passkeyShown({ challenge: 'AQID' }), {
    id: 'AQI',
    rawId: 'AQI',
    type: 'public-key',
    response: { clientDataJSON: 'Aw', authenticatorData: 'BQ', signature: 'Bg', userHandle: null },
  });
});

test('passkeys belong to a domain, and to browsers that know them', () => {
  assert.equal(passkeySupport('localhost', '127.0.0.1'), 'address');
  assert.equal(passkeySupport('example.com', 'notexample.com'), 'address');
  assert.equal(passkeySupport('example.com', 'trade.example.com'), 'unsupported');
  Object.defineProperty(globalThis, 'PublicKeyCredential', { value: class {}, configurable: true });
  assert.equal(passkeySupport('example.com', 'example.com'), 'ok');
});

test('every failure has words', () => {
  useTexts({});
  assert.equal(
    passkeyProblem(new ApiError(409, { errorCode: 'PASSKEY_LIMIT_REACHED', message: 'x' })),
    'You have the most passkeys that are allowed.',
  );
  const named = (name: string): Error => Object.assign(new Error('x'), { name });
  assert.equal(
    passkeyProblem(named('NotAllowedError')),
    'No passkey was chosen, or it took too long.',
  );
  assert.equal(passkeyProblem(named('InvalidStateError')), 'This device is registered already.');
  assert.equal(
    passkeyProblem(named('SecurityError')),
    'The passkey could not be used. Please try again.',
  );
});
