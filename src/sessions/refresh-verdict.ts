/** A session as one read found it, and how the presented token stands to it. */
export interface RefreshEvidence {
  /** Whose secret the token bears: today's, the one before the last re-issue, or neither. */
  secret: 'current' | 'previous' | 'other';
  alive: boolean;
  userStatus: 'active' | 'suspended' | 'deleted';
  applicationEnabled: boolean;
  /** Of the current token. */
  generation: number;
  /** Whether the rotation to the current generation lies within REFRESH_GRACE. */
  withinGrace: boolean;
}

export type RefreshVerdict = 'rotate' | 'repeat' | 'invalid' | 'ended' | 'suspended' | 'disabled' | 'reused' | 'ahead';

/**
 * What a refresh token of generation `presented` gets, in the order of the rules. Decided by generation; time only
 * opens the one window in which the token just replaced gets its successor again. After a re-issue (reauthentication,
 * password change) that window only spares the session: whoever holds the older token does not get the new one.
 */
export function judgeRefresh(presented: number, session: RefreshEvidence | null): RefreshVerdict {
  if (!session || session.secret === 'other') return 'invalid';
  if (!session.alive) return endOf(session);
  if (presented > session.generation) return 'ahead';
  if (presented === session.generation) return session.secret === 'current' ? 'rotate' : 'invalid';
  if (presented < session.generation - 1 || !session.withinGrace) return 'reused';
  return session.secret === 'current' ? 'repeat' : 'invalid';
}

function endOf(session: RefreshEvidence): RefreshVerdict {
  if (session.userStatus === 'suspended') return 'suspended';
  if (!session.applicationEnabled) return 'disabled';
  return 'ended';
}
