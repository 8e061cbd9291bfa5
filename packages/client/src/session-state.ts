export interface User {
  id: string;
  email: string;
  name: string | null;
  roles: string[];
  emailVerified: boolean;
}

/** When a session ends, in the server's time (ISO 8601). For a countdown use `client.timeLeft()`: clocks differ. */
export interface SessionEnds {
  /** The absolute end. */
  expiresAt: string;
  /** The end unless it is used. */
  idleExpiresAt: string;
}

export interface SessionInfo extends SessionEnds {
  id: string;
}

/** What the service answers to a sign-in or a refresh with cookie delivery. */
export interface Tokens {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
  session: SessionInfo;
  user: User;
}

/** Why a person is no longer signed in. */
export type SignedOutReason =
  | 'this_tab'
  | 'another_tab'
  | 'another_device'
  | 'signed_out_everywhere'
  | 'password_changed'
  | 'expired'
  | 'suspended'
  | 'reused'
  | 'account_deleted'
  | 'too_many_sessions'
  | 'application_disabled'
  | 'ended_by_operator'
  | 'everyone_signed_out'
  | 'unknown';

/**
 * `unknown` until the service has been asked (`ready()`), and while it cannot be. The object is replaced, never changed.
 */
export type SessionState =
  | { readonly state: 'unknown' }
  | { readonly state: 'anonymous'; readonly reason?: SignedOutReason }
  | { readonly state: 'signed_in'; readonly user: User; readonly session: SessionInfo };

/** Whether an answer is one. */
export function isTokens(answer: unknown): answer is Tokens {
  const tokens = answer as Partial<Tokens> | null;
  return Boolean(tokens?.accessToken && tokens.session?.id && tokens.user?.id);
}

/** The server's words that are said differently here; the others are the same. */
const reasons: Record<string, SignedOutReason> = {
  signed_out: 'another_tab',
  ended_by_user: 'another_device',
  refresh_token_reused: 'reused',
  account_suspended: 'suspended',
  session_ended: 'unknown',
  refresh_token_invalid: 'unknown',
};

/** From the reason, or else the error code, that the service gave. */
export function signedOutReason(word: string): SignedOutReason {
  return reasons[word] ?? (word as SignedOutReason);
}
