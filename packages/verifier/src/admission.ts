import { accessProblem, type AccessProblem } from './access-problem.js';
import type { Verifier } from './create-verifier.js';
import type { Principal } from './principal.js';
import { VerificationError } from './verification-error.js';
import type { RefusedRequest } from './verifier-options.js';

/** What a route asks for besides a token that is good. */
export interface Requirements {
  /** One of these roles. */
  roles?: readonly string[];
  /** How long ago, in seconds, the person may have proved who they are (RFC 9470). */
  maxAge?: number;
}

/** How a framework goes on with a request; one of them is called, once. */
export interface Ways {
  admit(principal: Principal): void;
  /** To be answered so. */
  refuse(problem: AccessProblem): void;
  /** Not a refusal but a fault. */
  fail(fault: unknown): void;
}

/** Sends a request on its way: at once, unless the service has to be asked about its token. */
export function judge(verifier: Verifier, request: RefusedRequest, requirements: Requirements, ways: Ways): void {
  const refuse = (error: unknown) => {
    let problem: AccessProblem;
    try {
      problem = refusalOf(error, verifier, request, requirements.maxAge);
    } catch (fault) {
      return ways.fail(fault);
    }
    ways.refuse(problem);
  };
  let principal: Principal | Promise<Principal>;
  try {
    principal = admit(verifier, request.headers.authorization, requirements);
  } catch (error) {
    return refuse(error);
  }
  if (principal instanceof Promise) principal.then((late) => ways.admit(late), refuse);
  else ways.admit(principal);
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

/** What to answer to a request that is not let in; the application's log is told why. Throws what is a fault on. */
export function refusalOf(
  error: unknown,
  verifier: Verifier,
  request: RefusedRequest,
  maxAge: number | undefined,
): AccessProblem {
  if (!(error instanceof VerificationError)) throw error;
  verifier.tellRefused(error, request);
  return accessProblem(error, verifier.issuer, maxAge);
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
