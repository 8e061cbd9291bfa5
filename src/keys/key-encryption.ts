import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** The first byte of a sealed key, so that another scheme can follow. */
const SCHEME = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals a private key under KEY_ENCRYPTION_KEY (AES-256-GCM, a random 96-bit IV: NIST SP 800-38D §8.2.2). The kid is
 * authenticated with it, so a row cannot be passed off as another key's.
 */
export function sealPrivateKey(pkcs8: Buffer, kid: string, encryptionKey: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', encryptionKey, iv).setAAD(Buffer.from(kid));
  const body = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
  return Buffer.concat([Buffer.of(SCHEME), iv, cipher.getAuthTag(), body]);
}

/** The PKCS #8 of a sealed key. Throws when KEY_ENCRYPTION_KEY is another one, or the row was altered. */
export function openPrivateKey(sealed: Buffer, kid: string, encryptionKey: Buffer): Buffer {
  if (sealed[0] !== SCHEME) throw new Error(`Signing key ${kid} is sealed by a scheme this version does not know.`);
  const iv = sealed.subarray(1, 1 + IV_BYTES);
  const tag = sealed.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', encryptionKey, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(kid)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(1 + IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new Error(
      `Signing key ${kid} cannot be opened: KEY_ENCRYPTION_KEY is not the one it was sealed with, or the row was ` +
        'altered. Set the key of the instance that made it.',
      { cause },
    );
  }
}
