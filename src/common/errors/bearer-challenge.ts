import type { ErrorCode } from './error-catalogue.js';
import { errorEntry } from './error-catalogue.js';

/** Codes that are only ever given for an access token that was sent. */
const aboutTheToken = new Set<ErrorCode>(['token_invalid', 'token_expired', 'token_outdated', 'token_revoked']);

/** What a back end proves itself with (RFC 7617). */
const basicChallenge = 'Basic realm="portcullis", charset="UTF-8"';

/**
 * The WWW-Authenticate header that every 401 carries. A request without an access token is told the scheme only, without
 * `error` (RFC 6750, section 3.1); `session_ended` may be said of an access token or of a refresh token.
 *
 * @param tokenSent whether the request had an Authorization header
 * @param maxAge seconds, for `reauthentication_required` (RFC 9470, section 3)
 */
export function bearerChallenge(code: ErrorCode, tokenSent: boolean, maxAge?: unknown): string {
  if (code === 'client_credentials_invalid') return basicChallenge;
  if (code === 'reauthentication_required') {
    const age = typeof maxAge === 'number' ? `, max_age="${Math.floor(maxAge)}"` : '';
    return challenge('insufficient_user_authentication', code) + age;
  }
  if (aboutTheToken.has(code) || (code === 'session_ended' && tokenSent)) return challenge('invalid_token', code);
  return scheme;
}

const scheme = 'Bearer realm="portcullis"';

function challenge(error: string, code: ErrorCode): string {
  return `${scheme}, error="${error}", error_description="${errorEntry(code).title}"`;
}
