import type { VerificationError, VerificationErrorCode } from './verification-error.js';

/** What the service says of each code, and a client can do. A test holds it against the service's own table. */
const TEXTS: Record<VerificationErrorCode, { status: number; title: string; detail: string; action?: string }> = {
  token_missing: {
    status: 401,
    title: 'An access token is needed',
    detail: 'Send an access token in the Authorization header, or get one by refreshing or signing in.',
    action: 'refresh',
  },
  token_invalid: {
    status: 401,
    title: 'The access token is not valid',
    detail: 'Refresh once to get a new access token.',
    action: 'refresh',
  },
  token_expired: {
    status: 401,
    title: 'The access token has expired',
    detail: 'Refresh once to get a new access token.',
    action: 'refresh',
  },
  token_outdated: {
    status: 401,
    title: 'The access token is out of date',
    detail: 'Refresh once: it gives a new access token, or the reason why there is none.',
    action: 'refresh',
  },
  token_revoked: {
    status: 401,
    title: 'The access token has been revoked',
    detail: 'Refresh once to get a new access token.',
    action: 'refresh',
  },
  session_ended: { status: 401, title: 'The session has ended', detail: 'Sign in again.', action: 'sign_in' },
  reauthentication_required: {
    status: 401,
    title: 'A recent sign-in is needed',
    detail: 'Confirm the password and repeat the request.',
    action: 'reauthenticate',
  },
  account_suspended: {
    status: 403,
    title: 'The account is suspended',
    detail: 'Ask the administrator of this service.',
    action: 'sign_in',
  },
  application_disabled: {
    status: 403,
    title: 'The application is disabled',
    detail: 'Ask the administrator of this service.',
    action: 'sign_in',
  },
  forbidden: {
    status: 403,
    title: 'This account may not do that',
    detail: 'The request needs a role or a permission that this account does not have.',
  },
  revocation_unavailable: {
    status: 503,
    title: 'Revocations cannot be checked right now',
    detail: 'Try again in a moment.',
    action: 'retry',
  },
  unavailable: {
    status: 503,
    title: 'The service is not available right now',
    detail: 'Try again in a moment.',
    action: 'retry',
  },
};

/** An answer as the service gives it (RFC 9457). */
export interface AccessProblem {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** What to answer to a request that is not let in. `issuer`: where the page of errors is. Nothing of `reason`. */
export function accessProblem({ code }: VerificationError, issuer: string, maxAge?: number): AccessProblem {
  const { status, title, detail, action } = TEXTS[code];
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'content-type': 'application/problem+json; charset=utf-8',
  };
  if (status === 401) headers['www-authenticate'] = challenge(code, title, maxAge);
  if (status === 503) headers['retry-after'] = '1';
  const asked = code === 'reauthentication_required' && { maxAge };
  const type = `${issuer}/docs/errors#${code}`;
  return { status, headers, body: { ...asked, type, title, status, detail, code, ...(action && { action }) } };
}

/** WWW-Authenticate, without `error` when no token was sent (RFC 6750 §3.1, RFC 9470 §3). */
function challenge(code: VerificationErrorCode, title: string, maxAge?: number): string {
  const scheme = 'Bearer realm="portcullis"';
  if (code === 'token_missing') return scheme;
  const recent = code === 'reauthentication_required';
  const error = recent ? 'insufficient_user_authentication' : 'invalid_token';
  return `${scheme}, error="${error}", error_description="${title}"${recent ? `, max_age="${maxAge}"` : ''}`;
}
