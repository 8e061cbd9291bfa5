import fc from 'fast-check';
import { members, shown } from './shown.js';

const text = fc.string({ unit: 'binary' });
const active = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test('whatever somebody wrote, what is printed of it is one line that steers no terminal', () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.object())), text, (values, one) => {
      expect(members(values)).not.toMatch(active);
      expect(shown(one)).not.toMatch(active);
    }),
  );
  expect(members({ device: '\u001b[2J\n\u202ex' })).toBe(String.raw`device="\u001b[2J\n\u202ex"`);
});

test('a member has quotes where it could be taken for more than one, and is cut where it is long', () => {
  expect(members({ device: 'x roles=admin', roles: ['admin', 'editor'], before: [], kept: null })).toBe(
    'device="x roles=admin" roles=admin,editor before=none kept=null',
  );
  expect(members({ name: 'n'.repeat(200) })).toBe(`name=${'n'.repeat(120)}…`);
});
