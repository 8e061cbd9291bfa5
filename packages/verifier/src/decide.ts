import type { RevocationIndex } from './revocation-index.js';
import type { AccessTokenClaims } from './token-claims.js';
import type { Refusal } from './verification-error.js';

/** What a decision needs to know of a token. */
export interface RevocableToken {
  kid: string;
  claims: Pick<AccessTokenClaims, 'sub' | 'client_id' | 'sid' | 'jti' | 'ver' | 'aver'>;
}

/**
 * The one decision on whether a token was taken back; guard, introspection, feed and event stream all come here.
 * Returns the reason, or null when it was not. When several rules refuse, the strictest speaks, from what the caller
 * can do least about to what a refresh puts right; but a token of a withdrawn key says nothing we can believe, so that
 * comes first. Versions are compared, never times: a token minted while its user was being signed out carries the old
 * version and is refused whichever of the two committed first; one that was issued after a suspension was lifted carries
 * a later one and passes, even where nobody has heard of that yet. Takes under a microsecond and allocates nothing.
 */
export function decide({ kid, claims }: RevocableToken, index: RevocationIndex): Refusal | null {
  const user = index.user.objection(claims.sub, claims.ver);
  const application = index.application.objection(claims.client_id, claims.aver);
  if (index.key.has(kid)) return 'token_revoked';
  if (user === 'suspended') return 'account_suspended';
  if (application === 'suspended') return 'application_disabled';
  if (index.session.has(claims.sid)) return 'session_ended';
  if (index.token.has(claims.jti)) return 'token_revoked';
  return user === 'outdated' || application === 'outdated' ? 'token_outdated' : null;
}
