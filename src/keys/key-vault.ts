import { Injectable } from '@nestjs/common';
import { createHash, createPrivateKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Config } from '../config.js';
import { openPrivateKey, sealPrivateKey } from './key-encryption.js';
import type { SigningAlgorithm } from './signing-key.entity.js';
import type { NewSigningKey, SigningKeyRow } from './signing-keys.repository.js';

/** What can open a sealed private key: KEY_ENCRYPTION_KEY, KEY_ENCRYPTION_KEY_PREVIOUS, or nothing that is set here. */
export type Seal = 'current' | 'previous' | 'unknown';

type Sealed = Pick<SigningKeyRow, 'kid' | 'private_key_encrypted'>;

/** RFC 7518 §3.3 asks for 2048 bits at least; more would make every signature, which is every refresh, slower. */
const RSA_BITS = 2048;

/** Makes signing keys, and opens what it sealed. */
@Injectable()
export class KeyVault {
  constructor(private readonly config: Config) {}

  /** A new key, its private half sealed under KEY_ENCRYPTION_KEY. */
  async make(algorithm: SigningAlgorithm): Promise<NewSigningKey> {
    // Off the event loop: an RSA key takes up to a second.
    const { publicKey, privateKey } = await generatePair(algorithm);
    const jwk = publicKey.export({ format: 'jwk' });
    const kid = thumbprint(jwk);
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    const sealed = sealPrivateKey(pkcs8, kid, this.config.keyEncryptionKey);
    return { kid, algorithm, public_jwk: jwk, private_key_encrypted: sealed };
  }

  /** The private key. Throws when neither KEY_ENCRYPTION_KEY nor the previous one is that which sealed it. */
  open(key: Sealed): KeyObject {
    return createPrivateKey({ key: this.unseal(key).pkcs8, format: 'der', type: 'pkcs8' });
  }

  /** Which key opens it. Null for one whose private half was erased. */
  sealOf(key: Sealed): Seal | null {
    if (!key.private_key_encrypted) return null;
    try {
      return this.unseal(key).seal;
    } catch {
      return 'unknown';
    }
  }

  /** The same private key sealed under KEY_ENCRYPTION_KEY. Throws as `open`. */
  reseal(key: Sealed): Buffer {
    return sealPrivateKey(this.unseal(key).pkcs8, key.kid, this.config.keyEncryptionKey);
  }

  private unseal({ kid, private_key_encrypted: sealed }: Sealed): { pkcs8: Buffer; seal: Seal } {
    if (!sealed) throw new Error(`Signing key ${kid} has no private half any more.`);
    const { keyEncryptionKey, keyEncryptionKeyPrevious } = this.config;
    try {
      return { pkcs8: openPrivateKey(sealed, kid, keyEncryptionKey), seal: 'current' };
    } catch (error) {
      if (!keyEncryptionKeyPrevious) throw error;
      return { pkcs8: openPrivateKey(sealed, kid, keyEncryptionKeyPrevious), seal: 'previous' };
    }
  }
}

function generatePair(algorithm: SigningAlgorithm) {
  const generate = promisify(generateKeyPair);
  if (algorithm === 'RS256') return generate('rsa', { modulusLength: RSA_BITS });
  return generate('ec', { namedCurve: 'P-256' });
}

/** RFC 7638 §3.2: the required members of a key in lexicographic order. */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const required = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}
