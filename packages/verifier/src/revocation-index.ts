import { setImmediate } from 'node:timers/promises';
import { DeniedSubjects } from './denied-subjects.js';
import { assertEntry, type IsWanted, type RevocationEntry, type RevocationKind } from './revocation-entry.js';
import { nextRevision } from './revision.js';

/**
 * Everything that is revoked, in memory: about 60 bytes an entry, exact, never probabilistic.
 *
 * One rule of time: an entry is in force from the moment it is applied until it is swept, and it is swept only after
 * its `expiresAt`. Looking it up asks no clock, so no two places can disagree on whether it still counts.
 *
 * To start over (another epoch), fill a new index and put it in place of the old one. There is no `clear`: an index
 * that is empty for an instant lets revoked tokens through.
 */
export class RevocationIndex {
  readonly token = new DeniedSubjects();
  readonly session = new DeniedSubjects();
  readonly user = new DeniedSubjects();
  readonly application = new DeniedSubjects();
  readonly key = new DeniedSubjects();
  /** Another one after each entry. A sweep leaves it: what it removes refuses no token any more. */
  revision = nextRevision();

  /** Merged entries: one a subject. */
  get size(): number {
    return KINDS.reduce((sum, kind) => sum + this[kind].size, 0);
  }

  /** Bytes held by the entries, growth in reserve included. */
  get memoryBytes(): number {
    return KINDS.reduce((sum, kind) => sum + this[kind].memoryBytes, 0);
  }

  /** Merges an entry in; order and repetition do not matter. Throws a TypeError when it is malformed. */
  apply(entry: RevocationEntry): void {
    assertEntry(entry);
    const { kind, subject, ...state } = entry;
    this.revision = nextRevision();
    this[kind].apply(subject, state);
  }

  /** What is known of a subject, all its entries merged, or null. */
  find(kind: RevocationKind, subject: string): RevocationEntry | null {
    const state = this[kind].find(subject);
    return state && { kind, subject, ...state };
  }

  /**
   * The merged entries whose seq is greater, in no order. The index may change while the caller takes its time: what
   * is in it throughout is yielded once; what comes or goes meanwhile, perhaps.
   */
  *withSeqAfter(seq: number): Generator<RevocationEntry> {
    for (const slice of this.slicesAfter(seq)) yield* slice;
  }

  /** The same in slices of a few thousand at most, some of them empty, for who lets the event loop turn between two. */
  *slicesAfter(seq: number, isWanted?: IsWanted): Generator<RevocationEntry[]> {
    for (const kind of KINDS) {
      for (const slice of this[kind].slicesAfter(seq, isWanted)) yield slice.map((entry) => ({ kind, ...entry }));
    }
  }

  /**
   * Removes the entries that expired at or before `now` (unix seconds), letting the event loop turn after each slice
   * of a few thousand. `now` must not run ahead of the clock that tokens are checked by: a token might outlive its
   * entry. Throws a TypeError, and removes nothing, when it is no number.
   */
  async sweep(now: number): Promise<void> {
    if (!Number.isFinite(now)) throw new TypeError('the time of a sweep is not a number');
    for (const kind of KINDS) {
      for (const _slice of this[kind].sweep(now)) await setImmediate();
    }
  }
}

const KINDS = ['token', 'session', 'user', 'application', 'key'] as const satisfies readonly RevocationKind[];
