/** Why the decision over the revocation index refuses a token. */
export type Refusal =
  | 'token_revoked'
  | 'session_ended'
  | 'account_suspended'
  | 'application_disabled'
  | 'token_outdated';

/** What a check of the token itself can say. */
export type TokenRefusal = 'token_invalid' | 'token_expired' | Refusal;

/** What else stands between a request and a route. */
export type AccessRefusal = 'token_missing' | 'forbidden' | 'reauthentication_required';

/** That neither yes nor no can be said: revocations are not known, or no key is. The token may well be good. */
export type Unavailability = 'revocation_unavailable' | 'unavailable';

export type VerificationErrorCode = TokenRefusal | AccessRefusal | Unavailability;

/** Thrown for a token that is not accepted. Neither field ever holds a part of the token. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';

  constructor(
    /** For the caller of the service. */
    readonly code: VerificationErrorCode,
    /** Which rule refused it: for the log of the service, not for its caller. */
    readonly reason: string,
  ) {
    super(`${code}: ${reason}`);
  }
}
