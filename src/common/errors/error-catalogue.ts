/** What a client can do about an error without asking a developer. */
export type ErrorAction = 'refresh' | 'sign_in' | 'reauthenticate' | 'second_factor' | 'retry';

export interface ErrorEntry {
  status: number;
  /** What happened, in a few words; the same for every occurrence (RFC 9457, section 3.1.3). Plain ASCII. */
  title: string;
  /** What to do about it; sent as `detail` unless the place that throws knows better. */
  detail: string;
  action?: ErrorAction;
  /** For the page of error codes: when it happens, and what a client does. */
  explanation: string;
}

/**
 * Every error code of the service. Codes are part of the API: they may be added, and never renamed or reused. The page
 * /docs/errors and docs/errors.md are written from this table.
 */
export const errorCatalogue = {
  token_missing: {
    status: 401,
    title: 'An access token is needed',
    detail: 'Send an access token in the Authorization header, or get one by refreshing or signing in.',
    action: 'refresh',
    explanation:
      'The route is private and the request carried no access token. A client that has a refresh token refreshes once and repeats the request; otherwise the person signs in.',
  },
  token_invalid: {
    status: 401,
    title: 'The access token is not valid',
    detail: 'Refresh once to get a new access token.',
    action: 'refresh',
    explanation:
      'The access token is malformed, was not signed by this service, or was issued for another application. It will never be accepted. Refresh once; if that fails, the answer to the refresh says why.',
  },
  token_expired: {
    status: 401,
    title: 'The access token has expired',
    detail: 'Refresh once to get a new access token.',
    action: 'refresh',
    explanation: 'Access tokens live for minutes. Refresh once and repeat the request; the person notices nothing.',
  },
  token_outdated: {
    status: 401,
    title: 'The access token is out of date',
    detail: 'Refresh once: it gives a new access token, or the reason why there is none.',
    action: 'refresh',
    explanation:
      'Something about the account or its application has changed since the token was issued: a role, the password, a sign-out everywhere. Refresh once: the new token carries the change, or the answer says that the session has ended.',
  },
  token_revoked: {
    status: 401,
    title: 'The access token has been revoked',
    detail: 'Refresh once to get a new access token.',
    action: 'refresh',
    explanation:
      'This one token, or the key that signed it, was withdrawn. The session itself may live on: refresh once and repeat the request.',
  },
  session_ended: {
    status: 401,
    title: 'The session has ended',
    detail: 'Sign in again.',
    action: 'sign_in',
    explanation:
      'The device was signed out, here or from another device, or the session reached its idle or absolute end. No refresh brings it back: the person signs in again.',
  },
  refresh_token_invalid: {
    status: 401,
    title: 'The refresh token is not valid',
    detail: 'Sign in again.',
    action: 'sign_in',
    explanation:
      'The refresh token is missing, malformed, unknown, was issued for another application or another way of delivery, or was replaced by a re-issue. Nothing has been changed. The person signs in again.',
  },
  refresh_token_reused: {
    status: 401,
    title: 'The refresh token was used before',
    detail: 'The session was ended to protect the account. Sign in again.',
    action: 'sign_in',
    explanation:
      'A refresh token that had been replaced was presented again, which is what a stolen copy looks like. The session and its access tokens were ended. The person signs in again, and finds in their activity which device it was.',
  },
  reauthentication_required: {
    status: 401,
    title: 'A recent sign-in is needed',
    detail: 'Confirm the password and repeat the request.',
    action: 'reauthenticate',
    explanation:
      'The act is sensitive and the person proved who they are too long ago (RFC 9470). `maxAge` is the age in seconds that is accepted. Ask for the password at `POST /v1/auth/reauthenticate` and repeat the request with the new access token.',
  },
  credentials_invalid: {
    status: 401,
    title: 'The e-mail address or the password is wrong',
    detail: 'Check both and try again.',
    explanation:
      'The same answer, in the same time, whether the account does not exist or the password is wrong. Also the answer to a wrong current password.',
  },
  client_credentials_invalid: {
    status: 401,
    title: 'The credentials of the application are not valid',
    detail: 'Send the id of the application and one of its secrets by HTTP Basic.',
    explanation:
      'The route is for the back ends of applications, which prove themselves by id and secret (RFC 6749, section 2.3.1). Both were missing, or they are not those of an application, or the secret has been replaced, or the application is disabled. The endpoints of OAuth call it `invalid_client`.',
  },
  second_factor_required: {
    status: 401,
    title: 'A second factor is needed',
    detail: 'Send a code of the second factor together with the challenge.',
    action: 'second_factor',
    explanation:
      'Reserved; nothing answers it yet. It is for accounts with a second factor, whose password was right: `challenge` is to be sent with a code, and `methods` lists the factors the account has.',
  },
  account_suspended: {
    status: 403,
    title: 'The account is suspended',
    detail: 'Ask the administrator of this service.',
    action: 'sign_in',
    explanation:
      'An administrator has suspended the account; its sessions have ended. Told at sign-in only to someone who knows the password.',
  },
  application_disabled: {
    status: 403,
    title: 'The application is disabled',
    detail: 'Ask the administrator of this service.',
    action: 'sign_in',
    explanation: 'An administrator has disabled the application the token was issued for; its sessions have ended.',
  },
  forbidden: {
    status: 403,
    title: 'This account may not do that',
    detail: 'The request needs a role or a permission that this account does not have.',
    explanation: 'The token is valid and its account lacks a role. Neither refreshing nor signing in again helps.',
  },
  cross_site_refused: {
    status: 403,
    title: 'The request came from another site',
    detail: 'Send the request from a page of the application itself.',
    explanation:
      'Requests that act by cookie must come from an origin of the application: an `Origin` that is listed or, without one, `Sec-Fetch-Site: same-origin`. Add the origin to the application, or deliver tokens in the body (`delivery: "body"`) from clients that are not browsers. Where the cookie of an access token is what lets a request in, one that changes something also needs `X-CSRF-Token`: the value of the cookie `portcullis-csrf-account`. `serviceUrl` is there when a page of the service was opened at another address than this one, the `PUBLIC_URL`: open it there, or correct `PUBLIC_URL`.',
  },
  email_unverified: {
    status: 403,
    title: 'The e-mail address is not verified',
    detail: 'Open the link in the message that was sent, or ask for another one.',
    explanation: 'Reserved; nothing answers it yet. It is for a service that requires a verified e-mail address.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing here',
    detail: 'Check the path and the identifiers in it.',
    explanation:
      'No such route or no such object. An object that belongs to someone else is answered in the same way, as if it did not exist.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    detail: 'Use one of the methods in the Allow header.',
    explanation: 'The path exists, for the methods in the `Allow` header.',
  },
  validation_failed: {
    status: 400,
    title: 'The request is not valid',
    detail: 'Correct what is listed under errors and send the request again.',
    explanation:
      'The body or the query is not what the route expects. `errors` lists what is wrong: `pointer` is a JSON pointer (RFC 6901) to the field, `detail` says what is expected there, `in: "query"` marks a query parameter. Unknown fields are refused.',
  },
  unsupported_grant_type: {
    status: 400,
    title: 'The grant type is not supported',
    detail: 'Send grant_type=refresh_token; people sign in at POST /v1/auth/login.',
    explanation:
      'The token endpoint renews tokens (`grant_type=refresh_token`) and does nothing else (RFC 6749, section 5.2).',
  },
  invalid_scope: {
    status: 400,
    title: 'There are no scopes',
    detail: 'Leave out scope: what a token allows follows from its roles and its audience.',
    explanation:
      'A `scope` was asked for at the token endpoint. Tokens of this service have none, and to leave it out of the answer would say that it was granted (RFC 6749, section 5.1).',
  },
  bad_request: {
    status: 400,
    title: 'The request could not be read',
    detail: 'The request is malformed.',
    explanation: 'The request is not valid HTTP, its path is badly encoded, or its body ended early.',
  },
  credentials_ambiguous: {
    status: 400,
    title: 'The request carries two different sessions',
    detail: 'Send the access token or the cookie of one session only.',
    explanation:
      'The access token in the Authorization header and a cookie belong to different sessions: somebody else has signed in in another tab. Forget the access token and load the page anew.',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    detail: 'Send the request again.',
    action: 'retry',
    explanation: 'The headers or the body did not arrive in time. The connection was closed.',
  },
  email_taken: {
    status: 409,
    title: 'The e-mail address is taken',
    detail: 'Sign in, or use another address.',
    explanation:
      'There is an account with this address. Registering says so, since the service does not verify addresses.',
  },
  conflict: {
    status: 409,
    title: 'It is not in a state for that',
    detail: 'Look at it again: it may have been done already, or something else has to come first.',
    explanation:
      'An act that the present state does not allow: an account that is suspended already, the last active administrator, a signing key that was withdrawn before. Nothing was changed, and `detail` says what stands in the way. Repeating the request does not help.',
  },
  cursor_gone: {
    status: 410,
    title: 'The log of revocations has no such place',
    detail: 'Load GET /v1/revocations and follow from its head; keep what you know until it is there.',
    explanation:
      'The cursor belongs to another log, or is ahead of this one: the database was restored or replaced by an older state. Load the whole list anew and go on from there. What is known already stays in force until then.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    detail: 'A body may have 16 KiB.',
    explanation: 'Bodies may have 16 KiB (16,384 bytes). The connection is closed.',
  },
  uri_too_long: {
    status: 414,
    title: 'The path is too long',
    detail: 'Check the identifiers in the path.',
    explanation: 'A part of the path is longer than any identifier of this service.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is of a type that is not read here',
    detail: 'Send JSON with Content-Type: application/json.',
    explanation:
      'The API reads `application/json` in UTF-8 and nothing else. Forms and `text/plain` are refused, also because another site can send them. The endpoints of OAuth read forms and nothing else.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    detail: 'Wait as long as Retry-After says, then try again.',
    action: 'retry',
    explanation:
      'A limit on wrong passwords was reached, for the account, the source of the request or the session, or one on new accounts; or too many sign-ins are waiting already, or the session has too many event streams and sockets open. A right password is refused too until then. A limit on wrong secrets of applications was reached for the source; right ones are accepted all the same. `Retry-After` is in seconds.',
  },
  header_fields_too_large: {
    status: 431,
    title: 'The headers are too large',
    detail: 'Send fewer or smaller headers and cookies.',
    explanation: 'Headers may have 16 KiB altogether. The connection is closed.',
  },
  internal_error: {
    status: 500,
    title: 'Something went wrong on our side',
    detail: 'Try again later. If it stays, tell us the requestId.',
    explanation:
      'A fault of the service. What happened is in its log under the `requestId` of the answer, and nowhere in the answer itself.',
  },
  revocation_unavailable: {
    status: 503,
    title: 'Revocations cannot be checked right now',
    detail: 'Try again in a moment.',
    action: 'retry',
    explanation:
      'The service could not make sure in time that the token has not been taken back, so it answers neither yes nor no. The token may well be valid: keep it, wait as long as `Retry-After` says and repeat the request.',
  },
  unavailable: {
    status: 503,
    title: 'The service is not available right now',
    detail: 'Try again in a moment.',
    action: 'retry',
    explanation:
      'The database did not answer in time, or the service is starting or stopping. Nothing was changed. Wait as long as `Retry-After` says and repeat the request.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalogue, text);
}

/** The catalogue's entry of a code, with the optional members of the type. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return errorCatalogue[code];
}
