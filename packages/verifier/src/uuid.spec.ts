import fc from 'fast-check';
import { createUuidKey, formatUuid, hashWords, readUuid } from './uuid.js';

const uuid = fc.oneof(
  fc.uuid(),
  fc.constantFrom('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
);

describe('reading a UUID', () => {
  it('gives every canonical UUID back as it was', () => {
    fc.assert(
      fc.property(uuid, (text) => {
        const key = createUuidKey();
        expect(readUuid(text, key)).toBe(true);
        expect(formatUuid(key, 0)).toBe(text);
      }),
    );
  });

  it('refuses whatever differs from one in a single character', () => {
    fc.assert(
      fc.property(uuid, fc.nat(35), fc.integer({ min: 0, max: 0xffff }), (text, at, code) => {
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(changed);
        expect(readUuid(changed, createUuidKey())).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    'account',
    '0'.repeat(36),
    '00000000-0000-0000-0000-00000000000',
    '{00000000-0000-0000-0000-0000000000}',
  ])('refuses %j', (text) => expect(readUuid(text, createUuidKey())).toBe(false));
});

describe('hashing a UUID', () => {
  it.each([
    ['ordered by time', (i: number) => [0x0190_0000 + (i >> 12), (i << 20) | 0x7000, 0x8000_0000 | 0, i]],
    ['that differ in one byte of the first word', (i: number) => [(i & 0xff) << 24, 0, 0, i >> 8]],
    ['that count up', (i: number) => [0, 0, 0, i]],
  ])('spreads UUIDs %s over shards and over the slots within', (_, words) => {
    const count = 65_536;
    const shards = new Uint32Array(256);
    const slots = new Uint32Array(256);
    for (let i = 0; i < count; i++) {
      const hash = hashWords(Int32Array.from(words(i)), 0);
      shards[hash >>> 24]!++;
      slots[(hash >>> 16) & 0xff]!++;
    }
    // 256 on average, 16 the standard deviation: ten of them is chance's limit.
    for (const counts of [shards, slots]) {
      expect(Math.max(...counts)).toBeLessThan(256 + 160);
      expect(Math.min(...counts)).toBeGreaterThan(256 - 160);
    }
  });
});
