export type RevocationKind = 'token' | 'session' | 'user' | 'application' | 'key';

/** What is known of one revoked subject. The units matter to whoever fills an index from a database or a feed. */
export interface RevocationState {
  /** Place in the log of revocations: a safe integer, 0 or more. */
  seq: number;
  /** Tokens that carry a lower version are outdated; 0 for none. Only users and applications have versions. */
  minVersion: number;
  /** A user suspended, an application disabled: said to tokens below `minVersion`, or to all where that is 0. */
  suspended: boolean;
  /** Unix seconds after which no token it concerns can still be valid; Infinity for never. */
  expiresAt: number;
  /** The application that a session or a token belongs to; left out when tokens of any may be concerned. */
  applicationId?: string;
}

export interface RevocationEntry extends RevocationState {
  kind: RevocationKind;
  /** jti, sid, sub, client_id or kid; compared as an exact string. */
  subject: string;
}

/** Whether an entry of this seq and expiry is to be listed: asked before anything is made of it, as most often none is. */
export type IsWanted = (seq: number, expiresAt: number) => boolean;

/** What an entry on a user or an application holds against a token, the stricter first. */
export type Objection = 'suspended' | 'outdated';

/**
 * What such an entry holds against a token of this version. A suspension raises the version, and no token is issued
 * until it is lifted: one that carries `minVersion` or more was issued after that, though nobody here may have heard of
 * it yet. So who is let in again is not refused by who learns it late.
 */
export function objectionTo(version: number, minVersion: number, suspended: boolean): Objection | null {
  if (suspended && minVersion === 0) return 'suspended';
  if (version >= minVersion) return null;
  return suspended ? 'suspended' : 'outdated';
}

/**
 * Two entries of one subject as one. Order and repetition do not matter, so a poll, a hint and a full reload may
 * deliver the same rows in any order. A suspension can be lifted, hence the latest word on it counts; everything else
 * only ever grows. (One seq is one entry. Were two to share it, the stricter would win, in either order.)
 */
export function mergeStates(one: RevocationState, other: RevocationState): RevocationState {
  return {
    seq: Math.max(one.seq, other.seq),
    minVersion: Math.max(one.minVersion, other.minVersion),
    suspended: (one.suspended && one.seq >= other.seq) || (other.suspended && other.seq >= one.seq),
    expiresAt: Math.max(one.expiresAt, other.expiresAt),
    // A session belongs to one application. Were two entries to differ, every application would be told.
    ...(one.applicationId !== undefined &&
      one.applicationId === other.applicationId && { applicationId: one.applicationId }),
  };
}

/**
 * Whether a token of this application can be refused because of the entry: what an application that follows the log has
 * to be told. Entries on users concern all of them, as a person may sign in to any.
 */
export function concerns(entry: RevocationEntry, applicationId: string): boolean {
  if (entry.kind === 'application') return entry.subject === applicationId;
  return entry.applicationId === undefined || entry.applicationId === applicationId;
}

/**
 * Throws a TypeError on an entry that would not compare as numbers do. PostgreSQL drivers hand out bigint as a string,
 * and with a string or NaN in it the index would let revoked tokens through without a sound.
 */
export function assertEntry(entry: RevocationEntry): void {
  const sound =
    typeof entry.subject === 'string' &&
    isCount(entry.seq) &&
    isCount(entry.minVersion) &&
    typeof entry.suspended === 'boolean' &&
    typeof entry.expiresAt === 'number' &&
    entry.expiresAt >= 0 &&
    (entry.applicationId === undefined || typeof entry.applicationId === 'string');
  if (!sound) throw new TypeError(`malformed revocation entry (kind ${entry.kind}, seq ${entry.seq})`);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
