/** Why the decision over the revocation index refuses a token. */
export type Refusal =
  | 'token_revoked'
  | 'session_ended'
  | 'account_suspended'
  | 'application_disabled'
  | 'token_outdated';

export type VerificationErrorCode = 'token_invalid' | 'token_expired' | Refusal;

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
