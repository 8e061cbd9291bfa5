import fc from 'fast-check';
import { mergeStates, type RevocationState } from './revocation-entry.js';
import { UuidShard } from './uuid-shard.js';
import { createUuidKey, readUuid, type UuidKey } from './uuid.js';

/** Few enough to come again, many enough to grow through several tables and to collide in each. */
const SUBJECTS = Array.from({ length: 400 }, (_, i) => `01900000-0000-7000-8000-${String(i * 7919).padStart(12, '0')}`);

function keyOf(subject: string): UuidKey {
  const key = createUuidKey();
  readUuid(subject, key);
  return key;
}

const state = fc.record(
  {
    seq: fc.nat(1000),
    minVersion: fc.nat(5),
    suspended: fc.boolean(),
    expiresAt: fc.constantFrom(100, 200, 300, Infinity),
    applicationId: fc.constantFrom('account', 'shop'),
  },
  { requiredKeys: ['seq', 'minVersion', 'suspended', 'expiresAt'] },
);
const apply = fc.record({ subject: fc.constantFrom(...SUBJECTS), state });
const sweep = fc.constantFrom(99, 100, 200, 300);

describe('UuidShard', () => {
  it('holds what a Map holds, crowded, grown and swept in any order', () => {
    const steps = fc.array(fc.oneof({ weight: 60, arbitrary: apply }, sweep), {
      minLength: 50,
      maxLength: 600,
      size: 'max',
    });
    fc.assert(
      fc.property(steps, (all) => {
        const map = new Map<string, RevocationState>();
        let shard = UuidShard.EMPTY;
        for (const one of all) {
          if (typeof one === 'number') {
            for (const [subject, { expiresAt }] of map) if (expiresAt <= one) map.delete(subject);
            shard = shard.swept(one);
          } else {
            const known = map.get(one.subject);
            map.set(one.subject, known ? mergeStates(known, one.state) : one.state);
            if (shard.isFull) shard = shard.grown();
            shard.apply(keyOf(one.subject), one.state);
          }
        }
        expect(shard.size).toBe(map.size);
        expect(new Map(shard.listAfter(-1).map(({ subject, ...rest }) => [subject, rest]))).toEqual(map);
        const found = SUBJECTS.map((subject) => shard.find(keyOf(subject)));
        expect(found).toEqual(SUBJECTS.map((subject) => map.get(subject) ?? null));
      }),
      { numRuns: 200 },
    );
  });

  it('finds nothing when empty, and stays empty for everyone else', () => {
    expect(UuidShard.EMPTY.has(keyOf(SUBJECTS[0]!))).toBe(false);
    expect(UuidShard.EMPTY.isFull).toBe(true);
    UuidShard.EMPTY.grown().apply(keyOf(SUBJECTS[0]!), { seq: 1, minVersion: 0, suspended: false, expiresAt: 1 });
    expect(UuidShard.EMPTY.size).toBe(0);
  });
});
