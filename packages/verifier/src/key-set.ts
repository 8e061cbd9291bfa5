import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { nextRevision } from './revision.js';

export type SigningAlgorithm = 'ES256' | 'RS256';

/** A public key and the one algorithm it may be used with (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly key: KeyObject;
}

/** As published at /.well-known/jwks.json. */
export interface JsonWebKeySet {
  keys: readonly (JsonWebKey & { kid?: string; alg?: string; use?: string })[];
}

/** The keys that tokens may be signed with, by kid. Nothing in a token ever adds to it. */
export class KeySet {
  /** Another one after each change. */
  revision = nextRevision();
  private keys = new Map<string, VerificationKey>();

  constructor(keys: Iterable<VerificationKey> = []) {
    this.replace(keys);
  }

  /** Throws a TypeError unless every key is a public one that may verify: EC P-256 for ES256, RSA for RS256. */
  static fromJwks(jwks: JsonWebKeySet): KeySet {
    return new KeySet(jwks.keys.map(importJwk));
  }

  get size(): number {
    return this.keys.size;
  }

  get(kid: string): VerificationKey | undefined {
    return this.keys.get(kid);
  }

  /** Adds a key, or changes the one of that kid. Throws a TypeError when it may not verify. */
  set(key: VerificationKey): void {
    this.replace([...this.keys.values(), key]);
  }

  delete(kid: string): boolean {
    this.revision = nextRevision();
    return this.keys.delete(kid);
  }

  /**
   * From now on these keys and no others. A key that is already here stays the same object, so tokens verified with it
   * stay verified when the key set is fetched again. Throws a TypeError, and changes nothing, when one may not verify.
   */
  replace(keys: Iterable<VerificationKey>): void {
    const next = new Map<string, VerificationKey>();
    for (const key of keys) {
      assertUsable(key);
      const known = this.keys.get(key.kid);
      next.set(key.kid, known && isSame(known, key) ? known : key);
    }
    this.revision = nextRevision();
    this.keys = next;
  }

  [Symbol.iterator](): IterableIterator<VerificationKey> {
    return this.keys.values();
  }
}

function importJwk(jwk: JsonWebKeySet['keys'][number]): VerificationKey {
  const { kid, alg, use } = jwk;
  if (typeof kid !== 'string' || kid === '') throw new TypeError('a key in the JWK set has no kid');
  if (jwk.d !== undefined) throw new TypeError(`key ${kid} is private`);
  if (use !== undefined && use !== 'sig') throw new TypeError(`key ${kid} is not for signatures`);
  if (alg !== 'ES256' && alg !== 'RS256') throw new TypeError(`key ${kid} has an algorithm other than ES256 and RS256`);
  if (jwk.kty !== (alg === 'ES256' ? 'EC' : 'RSA')) throw new TypeError(`key ${kid} is of the wrong type for ${alg}`);
  try {
    return { kid, alg, key: createPublicKey({ key: jwk, format: 'jwk' }) };
  } catch (cause) {
    throw new TypeError(`key ${kid} is malformed`, { cause });
  }
}

function assertUsable({ kid, alg, key }: VerificationKey): void {
  if (key.type !== 'public') throw new TypeError(`key ${kid} is not a public key`);
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  // 2048 bits: RFC 7518 §3.3.
  const fits = alg === 'ES256' ? namedCurve === 'prime256v1' : key.asymmetricKeyType === 'rsa' && modulusLength >= 2048;
  if (!fits) throw new TypeError(`key ${kid} must be ${alg === 'ES256' ? 'EC P-256' : 'RSA of at least 2048 bits'}`);
}

function isSame(one: VerificationKey, other: VerificationKey): boolean {
  return one.alg === other.alg && one.key.equals(other.key);
}
