import fc from 'fast-check';
import { SeqSet } from './seq-set.js';

test('has what was added, and nothing else, however far apart', () => {
  const seq = fc.oneof(fc.nat(200_000), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  const property = fc.property(fc.array(seq), fc.array(seq), (added, others) => {
    const set = new SeqSet();
    added.forEach((each) => set.add(each));
    const expected = new Set(added);
    for (const each of [...added, ...others]) expect(set.has(each)).toBe(expected.has(each));
  });
  fc.assert(property);
});
