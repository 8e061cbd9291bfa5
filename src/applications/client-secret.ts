import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../common/errors/app-error.js';
import type { Form } from '../common/http/form-body.js';

/** What a request says of the application that it comes from. */
export interface ClientCredentials {
  applicationId: string;
  /** What a back end proves itself with (RFC 6749 §2.3.1); null of a public client, which has none (§2.1). */
  secret: string | null;
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
 * Who a request says it comes from, by HTTP Basic or, with a `form`, by the parameters of RFC 6749 §2.3.1; null when it
 * does not say, or not readably. Throws `validation_failed` when it says it in two ways.
 */
export function presentedCredentials(authorization: string | undefined, form: Form | null): ClientCredentials | null {
  const { client_id: applicationId, client_secret: secret } = form ?? {};
  if (authorization === undefined)
    return applicationId === undefined ? null : { applicationId, secret: secret ?? null };
  if (secret !== undefined) throw twice('client_secret', 'Send the credentials once: by HTTP Basic or in the form.');
  const credentials = basicCredentials(authorization);
  if (credentials && applicationId !== undefined && applicationId !== credentials.applicationId)
    throw twice('client_id', 'Send the id that the credentials are of, or leave it out.');
  return credentials;
}

/** RFC 6749 §2.3: a client must not authenticate in more than one way. */
function twice(name: string, detail: string): AppError {
  return new AppError('validation_failed', { detail, errors: [{ pointer: `/${name}`, detail }] });
}

/**
 * Id and secret of `Authorization: Basic …` (RFC 7617; both encoded as a form's values first, RFC 6749 §2.3.1); null for
 * any other header.
 */
function basicCredentials(authorization: string): ClientCredentials | null {
  const [, encoded] = /^basic +([\w+/-]{1,1024}={0,2})$/i.exec(authorization) ?? [];
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
