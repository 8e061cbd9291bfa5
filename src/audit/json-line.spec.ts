import fc from 'fast-check';
import { jsonLine } from './json-line.js';

const nasty = fc.constantFrom(
  '\n',
  '\r',
  '\u0000',
  '\u001b[2J',
  '\u009b2J',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\u{e0041}',
  '"',
  '\\',
);

test('whatever is in it, a line is one line of printable characters, and reads back as what went in', () => {
  const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), nasty)).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.dictionary(text, text), text, (details, reason) => {
      const line = jsonLine({ details: { ...details }, reason });
      expect(line.endsWith('\n')).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ details, reason })));
    }),
  );
});
