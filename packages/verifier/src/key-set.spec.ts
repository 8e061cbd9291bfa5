import { generateKeyPairSync } from 'node:crypto';
import { KeySet, type JsonWebKeySet } from './key-set.js';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecJwk = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'e1', alg: 'ES256', use: 'sig' };
const rsaJwk = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r1', alg: 'RS256', use: 'sig' };

describe('KeySet', () => {
  it('reads a published key set', () => {
    const keys = KeySet.fromJwks({ keys: [ecJwk, rsaJwk] });
    expect(keys.size).toBe(2);
    expect(keys.get('e1')).toMatchObject({ kid: 'e1', alg: 'ES256' });
    expect(keys.get('r1')?.key.equals(rsa.publicKey)).toBe(true);
  });

  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  it.each<[string, JsonWebKeySet['keys'][number]]>([
    ['a private key', { ...ec.privateKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }],
    ['a secret', { kty: 'oct', k: 'c2VjcmV0', kid: 'k', alg: 'HS256' }],
    ['a secret that says ES256', { kty: 'oct', k: 'c2VjcmV0', kid: 'k', alg: 'ES256' }],
    ['another algorithm', { ...ecJwk, alg: 'ES384' }],
    ['another spelling of the algorithm', { ...ecJwk, alg: 'es256' }],
    ['no algorithm', { ...ecJwk, alg: undefined }],
    ['another curve', { ...p384, kid: 'k', alg: 'ES256' }],
    ['an RSA key for ES256', { ...rsaJwk, alg: 'ES256' }],
    ['an EC key for RS256', { ...ecJwk, alg: 'RS256' }],
    ['an RSA key of 1024 bits', { ...short, kid: 'k', alg: 'RS256' }],
    ['a key for encryption', { ...ecJwk, use: 'enc' }],
    ['a key without kid', { ...ecJwk, kid: undefined }],
    ['a point that is not on the curve', { ...ecJwk, y: ecJwk.x }],
  ])('refuses %s', (_, jwk) => {
    expect(() => KeySet.fromJwks({ keys: [rsaJwk, jwk] })).toThrow(TypeError);
  });

  it('refuses a private key object and changes nothing', () => {
    const keys = KeySet.fromJwks({ keys: [ecJwk] });
    expect(() => keys.set({ kid: 'k', alg: 'ES256', key: ec.privateKey })).toThrow(TypeError);
    expect(() => keys.replace([{ kid: 'k', alg: 'RS256', key: ec.publicKey }])).toThrow(TypeError);
    expect([...keys].map((key) => key.kid)).toEqual(['e1']);
  });

  it('keeps the object of a key that is fetched again, and only of that', () => {
    const keys = KeySet.fromJwks({ keys: [ecJwk, rsaJwk] });
    const known = keys.get('e1');
    keys.replace(KeySet.fromJwks({ keys: [ecJwk] }));
    expect(keys.get('e1')).toBe(known);
    expect(keys.get('r1')).toBeUndefined();
    keys.set({ kid: 'e1', alg: 'ES256', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey });
    expect(keys.get('e1')).not.toBe(known);
  });

  it('forgets a key that is deleted', () => {
    const keys = KeySet.fromJwks({ keys: [ecJwk] });
    expect(keys.delete('e1')).toBe(true);
    expect(keys.get('e1')).toBeUndefined();
    expect(keys.get('__proto__')).toBeUndefined();
  });
});
