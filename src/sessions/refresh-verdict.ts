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

/** What the verdict asks of the presented token and of who sent it (see PresentedRefreshToken). */
export interface PresentedGeneration {
  generation: number;
  byBrowser: boolean;
}

export type RefreshVerdict = 'rotate' | 'repeat' | 'invalid' | 'ended' | 'suspended' | 'disabled' | 'reused' | 'ahead';

/**
 * What a refresh token gets, in the order of the rules. Decided by generation; time only opens the one window in which
 * the token just replaced gets its successor again. After a re-issue (reauthentication, password change) that window only
 * spares the session: whoever holds the older token does not get the new one.
 *
 * A browser's refreshes move the counter at most once in that window: in it, its current token is repeated too. Hence
 * the promise to it: **a browser's request handled within the grace of a moment at which its cookie was the current one
 * never ends the session**, however many tabs it has and in whatever order their requests arrive.
 */
export function judgeRefresh(presented: PresentedGeneration, session: RefreshEvidence | null): RefreshVerdict {
  if (!session || session.secret === 'other') return 'invalid';
  if (!session.alive) return endOf(session);
  const behind = session.generation - presented.generation;
  if (behind < 0) return 'ahead';
  if (behind > generationsSpared(presented, session)) return 'reused';
  if (session.secret === 'previous') return 'invalid';
  return behind === 0 && !(presented.byBrowser && session.withinGrace) ? 'rotate' : 'repeat';
}

/** How far behind the current one a token may be and is no replay. */
function generationsSpared({ byBrowser }: PresentedGeneration, { secret, withinGrace }: RefreshEvidence): number {
  if (!withinGrace) return 0;
  // A re-issue does not wait for the grace to end: in a browser's one grace lie a refresh and the re-issue after it.
  return byBrowser && secret === 'previous' ? 2 : 1;
}

function endOf(session: RefreshEvidence): RefreshVerdict {
  if (session.userStatus === 'suspended') return 'suspended';
  if (!session.applicationEnabled) return 'disabled';
  return 'ended';
}
