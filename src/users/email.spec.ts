import fc from 'fast-check';
import { normaliseEmail } from './email.js';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const address = fc
  .tuple(fc.stringMatching(/^[a-z0-9.+_-]{1,20}$/), label, fc.constantFrom('com', 'example', 'co.uk'))
  .map(([local, name, end]) => `${local}@${name}.${end}`)
  // "xn--" promises an encoded name, which random letters are not.
  .filter((text) => !text.includes('--'));

/** Letters that have a full-width form, which NFKC takes back: what an East Asian keyboard types. */
const fullWidth = (text: string) => text.replace(/[a-z0-9]/g, (c) => String.fromCodePoint(c.codePointAt(0)! + 0xfee0));

test('normalising twice is normalising once, whatever the text', () => {
  const text = fc.oneof(
    address,
    fc.string({ unit: 'grapheme' }).map((local) => `${local}@example.com`),
    fc.emailAddress(),
  );
  fc.assert(
    fc.property(text, (original) => {
      const once = normaliseEmail(original);
      if (once !== null) expect(normaliseEmail(once)).toBe(once);
    }),
    { numRuns: 1_000 },
  );
});

test('an address meets itself in any case, width and surrounding space', () => {
  const spelling = fc.constantFrom<(text: string) => string>(
    (text) => text.toUpperCase(),
    (text) => ` \t${text}\u00a0\n`,
    fullWidth,
    (text) => fullWidth(text).toUpperCase(),
    (text) => text.replace('@', '\uff20'),
  );
  fc.assert(
    fc.property(address, spelling, (plain, respell) => {
      expect(normaliseEmail(respell(plain))).toBe(plain);
    }),
  );
});

test.each([
  ['composed and decomposed letters', 'jose\u0301@example.com', 'jos\u00e9@example.com'],
  ['capitals of other scripts', 'ИВАН@example.com', 'иван@example.com'],
  ['an internationalised domain', 'ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
  ['the same, encoded', 'ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
  ['a joiner that belongs to a Persian name', 'ada@نامه\u200cای.com', 'ada@xn--mgba3gch31f060k.com'],
  ['an ideographic full stop', 'ada@例え。テスト', 'ada@xn--r8jz45g.xn--zckzah'],
  ['a tag, which is the provider’s business', 'Ada+news@Example.com', 'ada+news@example.com'],
])('%s', (_what, text, expected) => {
  expect(normaliseEmail(text)).toBe(expected);
});

test('letters that only look alike are two addresses', () => {
  // Latin a and Cyrillic а; i and Turkish dotless ı; ß and ss.
  const pairs = [
    ['ada@example.com', 'аda@example.com'],
    ['ian@example.com', 'ıan@example.com'],
    ['gross@example.com', 'groß@example.com'],
  ];
  for (const [one, other] of pairs) expect(normaliseEmail(one!)).not.toBe(normaliseEmail(other!));
});

test.each([
  '',
  'ada',
  '@example.com',
  'ada@',
  'ada@example',
  'ada@@example.com',
  'ada lovelace@example.com',
  'a@b@example.com',
  '"ada"@example.com',
  'Ada <ada@example.com>',
  'ada@example..com',
  'ada@-example.com',
  'ada@example.com.',
  'ada@exa_mple.com',
  `${'a'.repeat(65)}@example.com`,
  `ada@${'a'.repeat(64)}.com`,
  `ada@${'a.'.repeat(127)}com`,
  'ada\u200b@example.com',
  'ada\u202e@example.com',
  'ada\r\nBcc:x@example.com',
  // What a URL parser makes a host of.
  'ada@example.com/path',
  'ada@example.com?x',
  'ada@example.com#x',
  'ada@example.com:25',
  'ada@ex%61mple.com',
  'ada@exam\nple.com',
  'ada@exam\tple.com',
  'ada@ex\u00adample.com',
  'ada@[127.0.0.1]',
  'ada@127.0.0.1',
  'ada@0x7f.1',
  'ada@1.2',
])('%j is no address', (text) => {
  expect(normaliseEmail(text)).toBeNull();
});
