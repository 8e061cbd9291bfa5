import type { Verifier } from './create-verifier.js';
import type { Principal } from './principal.js';
import { VerificationError } from './verification-error.js';

/** What a route asks for besides a token that is good. */
export interface Requirements {
  /** One of these roles. */
  roles?: readonly string[];
  /** How long ago, in seconds, the person may have proved who they are (RFC 9470). */
  maxAge?: number;
}

/**
 * Who may come in with this Authorization header. A promise only where the service has to be asked. Throws a
 * VerificationError, and rejects with one.
 */
export function admit(
  verifier: Verifier,
  authorization: string | undefined,
  requirements: Requirements,
): Principal | Promise<Principal> {
  const token = bearerToken(authorization);
  if (token === null) throw new VerificationError('token_missing', 'no bearer token');
  const principal = verifier.check(token);
  if (!(principal instanceof Promise)) return assertAllowed(principal, requirements);
  return principal.then((late) => assertAllowed(late, requirements));
}

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1; the scheme's case does not matter); null without one. */
function bearerToken(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length < 8) return null;
  return /^bearer $/i.test(authorization.slice(0, 7)) ? authorization.slice(7) : null;
}

function assertAllowed(principal: Principal, { roles, maxAge }: Requirements): Principal {
  if (roles && !roles.some((role) => principal.roles.includes(role))) {
    throw new VerificationError('forbidden', 'none of the roles');
  }
  if (maxAge !== undefined && Date.now() / 1000 - principal.authenticatedAt > maxAge) {
    throw new VerificationError('reauthentication_required', 'signed in too long ago');
  }
  return principal;
}
