import type { Act } from '../audit/act.js';
import type { Principal } from '../common/principal.js';
import type { RequestSource } from '../common/request-source.js';

/** What the asking administrator does, as the audit keeps it. */
export function actOf({ userId }: Principal, source: RequestSource, { reason }: { reason: string }): Act {
  return { actor: `user:${userId}`, reason, source };
}
