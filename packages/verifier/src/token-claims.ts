import { parseSegment, splitToken } from './compact-jws.js';
import { VerificationError } from './verification-error.js';

/** How far two clocks may be apart, in seconds. */
export const CLOCK_LEEWAY = 5;
/** The longest life a token may have, in seconds: it bounds how long a revocation has to be remembered. */
export const MAX_TOKEN_LIFE = 3600;

/** The claims of an access token (RFC 9068 §2.2), ours, and whatever a claims provider added. Times: unix seconds. */
export interface AccessTokenClaims {
  iss: string;
  sub: string;
  aud: string | string[];
  exp: number;
  iat: number;
  nbf?: number;
  jti: string;
  client_id: string;
  /** The session, which is one device. */
  sid: string;
  /** The user's token version when the token was issued. */
  ver: number;
  /** The application's token version when the token was issued. */
  aver: number;
  /** When the person last proved who they are. */
  auth_time: number;
  acr: string;
  amr: string[];
  roles: string[];
  [claim: string]: unknown;
}

export interface ExpectedClaims {
  issuer: string;
  /** Us; any one of them, when there are several. */
  audience: string | readonly string[];
  /** Unix seconds. */
  now: number;
}

/**
 * The claims of a token whose header and signature are good. Throws a VerificationError: `token_expired` when its time
 * has passed and nothing else is wrong with it, else `token_invalid`.
 */
export function checkClaims(token: string, { issuer, audience, now }: ExpectedClaims): AccessTokenClaims {
  const claims = parseSegment(splitToken(token).payload);
  assertWellFormed(claims);
  if (claims.iss !== issuer) throw new VerificationError('token_invalid', 'another issuer');
  if (!isMeantFor(audience, claims.aud)) throw new VerificationError('token_invalid', 'another audience');
  if (claims.exp - claims.iat > MAX_TOKEN_LIFE) throw new VerificationError('token_invalid', 'exp too long after iat');
  const refusal = checkTimes(claims, now);
  if (refusal !== null) throw new VerificationError(refusal, 'outside its time');
  return claims;
}

/** The rules that depend on the clock (unix seconds): what refuses a token now, or null. Allocates nothing. */
export function checkTimes(claims: AccessTokenClaims, now: number): 'token_invalid' | 'token_expired' | null {
  if (claims.iat > now + CLOCK_LEEWAY) return 'token_invalid';
  if (claims.nbf !== undefined && claims.nbf > now + CLOCK_LEEWAY) return 'token_invalid';
  return now < claims.exp + CLOCK_LEEWAY ? null : 'token_expired';
}

type Rule = (value: unknown) => boolean;

const isName: Rule = (value) => typeof value === 'string' && value !== '';
const isTime: Rule = (value) => Number.isFinite(value);
const isVersion: Rule = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isListOfStrings: Rule = (value) => Array.isArray(value) && value.every((item) => typeof item === 'string');

const RULES: readonly { claim: string; holds: Rule }[] = [
  { claim: 'iss', holds: isName },
  { claim: 'sub', holds: isName },
  { claim: 'aud', holds: (value) => isName(value) || isListOfStrings(value) },
  { claim: 'exp', holds: isTime },
  { claim: 'iat', holds: isTime },
  { claim: 'nbf', holds: (value) => value === undefined || isTime(value) },
  { claim: 'jti', holds: isName },
  { claim: 'client_id', holds: isName },
  { claim: 'sid', holds: isName },
  { claim: 'ver', holds: isVersion },
  { claim: 'aver', holds: isVersion },
  { claim: 'auth_time', holds: isTime },
  { claim: 'acr', holds: isName },
  { claim: 'amr', holds: isListOfStrings },
  { claim: 'roles', holds: isListOfStrings },
];

function assertWellFormed(claims: Record<string, unknown>): asserts claims is AccessTokenClaims {
  const broken = RULES.find(({ claim, holds }) => !holds(claims[claim]));
  if (broken) throw new VerificationError('token_invalid', `${broken.claim} is missing or malformed`);
}

function isMeantFor(us: string | readonly string[], aud: string | string[]): boolean {
  const audiences = typeof aud === 'string' ? [aud] : aud;
  return typeof us === 'string' ? audiences.includes(us) : us.some((one) => audiences.includes(one));
}
