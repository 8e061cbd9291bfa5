import type { RevocationEntry } from '@portcullis/verifier';

/** A place in one of the logs that there were. */
export interface LogPosition {
  epoch: string;
  seq: number;
}

/** How a read of the log went on. */
export interface LogStep {
  /** Everything up to it is in the index. */
  position: LogPosition;
  /** What came since the step before, in the order of the log; null when all was read anew, perhaps of another log. */
  entries: RevocationEntry[] | null;
}

/** Told how this instance learns the log: each step of reading it, and what it had missed on the way. */
export interface LogFollower {
  step(step: LogStep): void;
  /** Entries that are in the index only now, though steps past their places were told. */
  mended(entries: RevocationEntry[]): void;
}
