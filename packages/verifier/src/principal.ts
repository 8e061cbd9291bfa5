import type { AccessTokenClaims } from './token-claims.js';

/** Who is asking, as the access token says. Frozen: one object serves all requests with the same token. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  readonly applicationId: string;
  readonly tokenId: string;
  readonly roles: readonly string[];
  /** When the person last proved who they are: seconds since 1970. */
  readonly authenticatedAt: number;
  /** How: RFC 8176 values. */
  readonly amr: readonly string[];
  /** Every claim of the token, what a claims provider added included. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export function toPrincipal(claims: AccessTokenClaims): Principal {
  freezeDeeply(claims);
  return Object.freeze({
    userId: claims.sub,
    sessionId: claims.sid,
    applicationId: claims.client_id,
    tokenId: claims.jti,
    roles: claims.roles,
    authenticatedAt: claims.auth_time,
    amr: claims.amr,
    claims,
  });
}

/** What one request wrote into a claim, all others with the same token would read. */
function freezeDeeply(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.values(value).forEach(freezeDeeply);
  Object.freeze(value);
}
