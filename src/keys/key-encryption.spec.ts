import fc from 'fast-check';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { openPrivateKey, sealPrivateKey } from './key-encryption.js';

const KEY = randomBytes(32);
const PKCS8 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' });

test('a sealed key opens to what it was', () => {
  expect(openPrivateKey(sealPrivateKey(PKCS8, 'k1', KEY), 'k1', KEY)).toEqual(PKCS8);
});

test('sealing twice never gives the same bytes, and none of them is the key', () => {
  const [one, two] = [sealPrivateKey(PKCS8, 'k1', KEY), sealPrivateKey(PKCS8, 'k1', KEY)];
  expect(one.equals(two)).toBe(false);
  for (let at = 0; at + 16 <= PKCS8.length; at += 1) expect(one.includes(PKCS8.subarray(at, at + 16))).toBe(false);
});

test('a row that was altered in any byte does not open', () => {
  const sealed = sealPrivateKey(PKCS8, 'k1', KEY);
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const altered = Buffer.from(sealed);
      altered[at]! ^= change;
      expect(() => openPrivateKey(altered, 'k1', KEY)).toThrow(/^Signing key k1 /);
    }),
  );
});

test('a row that was cut short does not open', () => {
  const sealed = sealPrivateKey(PKCS8, 'k1', KEY);
  for (let length = 0; length < sealed.length; length++) {
    expect(() => openPrivateKey(sealed.subarray(0, length), 'k1', KEY)).toThrow(/^Signing key k1 /);
  }
});

test("another key's row does not open in its place, nor under another encryption key", () => {
  const sealed = sealPrivateKey(PKCS8, 'k1', KEY);
  expect(() => openPrivateKey(sealed, 'k2', KEY)).toThrow('KEY_ENCRYPTION_KEY');
  expect(() => openPrivateKey(sealed, 'k1', randomBytes(32))).toThrow('KEY_ENCRYPTION_KEY');
});
