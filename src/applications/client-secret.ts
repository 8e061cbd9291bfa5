import { createHash, randomBytes } from 'node:crypto';

/** What an application's back end proves itself with (RFC 6749 §2.3.1). */
export interface ClientCredentials {
  applicationId: string;
  secret: string;
}

/** `pas_` and 256 random bits: a fixed prefix, so that secret scanners know it. */
export function newClientSecret(): string {
  return `pas_${randomBytes(32).toString('base64url')}`;
}

/** What the table holds. The secret is random, so a plain hash keeps it (no slow hash is needed). */
export function hashClientSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/**
 * Id and secret of `Authorization: Basic …` (RFC 7617; both encoded as a form's values first, RFC 6749 §2.3.1); null for
 * any other header and for none.
 */
export function basicCredentials(authorization: string | undefined): ClientCredentials | null {
  const [, encoded] = /^basic +([\w+/-]{1,1024}={0,2})$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  try {
    return { applicationId: formDecoded(text.slice(0, colon)), secret: formDecoded(text.slice(colon + 1)) };
  } catch {
    return null;
  }
}

/** Throws a URIError for a % that encodes nothing. */
function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
