import type { ErrorCode } from './error-catalogue.js';
import type { ProblemResponse } from './problem.js';

/** The media type of RFC 6749, section 5.2. */
export const OAUTH_ERROR_TYPE = 'application/json; charset=utf-8';

/** What RFC 6749, section 5.2 calls a code of ours. Whatever else is wrong with a request makes it an `invalid_request`. */
const errors: Partial<Record<ErrorCode, string>> = {
  client_credentials_invalid: 'invalid_client',
  refresh_token_invalid: 'invalid_grant',
  refresh_token_reused: 'invalid_grant',
  session_ended: 'invalid_grant',
  account_suspended: 'invalid_grant',
  application_disabled: 'invalid_grant',
  unsupported_grant_type: 'unsupported_grant_type',
  invalid_scope: 'invalid_scope',
  internal_error: 'server_error',
  too_many_requests: 'temporarily_unavailable',
  revocation_unavailable: 'temporarily_unavailable',
  unavailable: 'temporarily_unavailable',
};
const otherwise = 'invalid_request';

export const OAUTH_ERRORS = [...new Set([...Object.values(errors), otherwise])];

/** The `error` of a code, and its status. 401 is for the client itself: a refresh token that is no good is a 400 there. */
export function oauthErrorOf(code: ErrorCode, usual: number): { error: string; status: number } {
  const error = errors[code] ?? otherwise;
  return { error, status: error === 'invalid_grant' ? 400 : usual };
}

/** The same answer for a standard OAuth client: `error` and `error_description` beside what every problem has. */
export function toOAuthError(problem: ProblemResponse): ProblemResponse {
  const { 'www-authenticate': challenge, ...headers } = problem.headers;
  const code = problem.body.code as ErrorCode;
  const { error, status } = oauthErrorOf(code, problem.status);
  const detail = code === 'unsupported_media_type' ? 'Send a form.' : problem.body.detail;
  return {
    status,
    headers: status === 401 && challenge !== undefined ? { ...headers, 'www-authenticate': challenge } : headers,
    body: { error, error_description: printable(detail), ...problem.body, status, detail },
  };
}

/** In the characters that RFC 6749, section 5.2 allows. */
function printable(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^ -[\]-~]/g, '?');
}
