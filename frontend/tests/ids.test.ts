import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../src/lib/ids.ts';

const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
// What a browser offers on http://192.168.0.7:8000, say: random bytes, but no randomUUID.
const insecure = { getRandomValues: crypto.getRandomValues.bind(crypto) };

test('ids are random UUIDs, on plain http too', () => {
  for (const source of [crypto, insecure]) {
    const ids = new Set(Array.from({ length: 200 }, () => randomId(source)));
    assert.equal(ids.size, 200);
    for (const id of ids) assert.match(id, VERSION_4);
  }
});
