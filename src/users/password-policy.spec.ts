import fc from 'fast-check';
import { normalisePassword, passwordFault, PASSWORD_MAX, PASSWORD_MIN } from './password-policy.js';

const nobody = { email: 'x@y.zz' };
const fault = (password: string, context: { email: string; name?: string | null } = nobody) =>
  passwordFault(password, context);

describe('Length is counted in code points of the composed text', () => {
  test.each([
    ['letters', 'q'],
    ['emoji, two UTF-16 units each', '\u{1f510}'],
    ['ideographs', '語'],
    ['decomposed letters, two code points typed and one kept', 'e\u0301'],
    ['combining characters that compose with nothing', '\u0329'],
  ])('%s', (_what, character) => {
    expect(fault(character.repeat(PASSWORD_MIN - 1))).toBe('Use at least 8 characters.');
    expect(fault(character.repeat(PASSWORD_MIN))).not.toBe('Use at least 8 characters.');
    expect(fault(character.repeat(PASSWORD_MAX))).toBeNull();
    expect(fault(character.repeat(PASSWORD_MAX + 1))).toBe('Use at most 256 characters.');
  });

  test('any text from 8 to 256 code points is accepted, unless it is a common one: nothing is asked of its characters', () => {
    // Random graphemes never spell a common password; plain letters and digits do.
    const text = fc.string({ unit: 'grapheme-composite', minLength: 12, maxLength: 60 });
    fc.assert(
      fc.property(text, (password) => {
        const length = [...password.normalize('NFC')].length;
        fc.pre(length >= PASSWORD_MIN && length <= PASSWORD_MAX);
        expect(fault(password)).toBeNull();
      }),
    );
  });

  test('spaces are characters, also at the ends', () => {
    expect(fault('  horse  ')).toBeNull();
    expect(normalisePassword('  horse  ')).toBe('  horse  ');
  });
});

test('composed and decomposed spellings are one password; nothing else is made equal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(normalisePassword(text.normalize('NFD'))).toBe(normalisePassword(text.normalize('NFC')));
    }),
  );
  expect(normalisePassword('Ａ')).not.toBe(normalisePassword('A'));
  expect(normalisePassword('A')).not.toBe(normalisePassword('a'));
});

test.each(['password', 'Password1', 'PASSWORD123', 'qwertyuiop', 'QwErTyUiOp', '12345678', 'iloveyou1'])(
  'the common password %s is refused, in any case',
  (password) => {
    expect(fault(password)).toBe('This password is among the most common ones: choose another.');
  },
);

describe('What others know about the account does not make a password', () => {
  const ada = { email: 'ada.lovelace@analytical.example', name: 'Augusta Byron' };

  test.each([
    'Lovelace-1',
    'ADA.lovelace',
    'adalovelace99',
    'analytical12',
    'AugustaByron',
    'byron-augusta',
    'portcullis1',
    'ada.lovelace@analytical.example',
    'Ada.Lovelace@analytical.example 1',
  ])('%s is refused', (password) => {
    expect(fault(password, ada)).toBe('This password is too close to your e-mail address or name: choose another.');
  });

  test('an address is not made a password by its punctuation', () => {
    expect(fault('a-b-c-d-e-f-g-h@x.zz', { email: 'a-b-c-d-e-f-g-h@x.zz' })).toMatch('too close');
  });

  test('but a password that is long enough without it is accepted', () => {
    expect(fault('lovelace weaves algebra', ada)).toBeNull();
  });

  test('a name of letters with accents counts, however the password spells them', () => {
    const context = { email: 'x@y.zz', name: 'Zoe\u0308 Bront\u00eb' };
    expect(fault('Zo\u00eb-Bronte\u0308', context)).toMatch('too close');
  });

  test('an account without a name, or with a short one, is asked for no more', () => {
    expect(fault('analytical engine', { email: 'a@b.io', name: null })).toBeNull();
    expect(fault('analytical engine', { email: 'a@b.io', name: 'Al' })).toBeNull();
  });
});
