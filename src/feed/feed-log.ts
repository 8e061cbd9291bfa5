import type { RevocationEntry } from '@portcullis/verifier';
import type { LogPosition } from '../revocation/log-follower.js';

/** Entries remembered in order: what the followers of a busy service miss in some minutes. About 2 MB. */
const REMEMBERED = 10_000;

/**
 * The end of the log, in its order: from it a follower that was away for a while is told what it missed, without a look
 * at the whole index.
 */
export class FeedLog {
  private entries: RevocationEntry[] = [];
  /** Every entry past it is remembered. */
  private start: number;

  constructor(
    public position: LogPosition,
    private readonly limit = REMEMBERED,
  ) {
    this.start = position.seq;
  }

  append(entries: RevocationEntry[], position: LogPosition): void {
    for (const entry of entries) this.entries.push(entry);
    this.position = position;
    // Twice the limit, so that it is not copied at every entry.
    if (this.entries.length < this.limit * 2) return;
    const from = this.entries.length - this.limit;
    this.start = this.entries[from - 1]!.seq;
    this.entries = this.entries.slice(from);
  }

  /** The next entries past `seq`, at most `count`; null when that is longer ago than is remembered. */
  listAfter(seq: number, count: number): RevocationEntry[] | null {
    if (seq < this.start) return null;
    const first = this.placeAfter(seq);
    return this.entries.slice(first, first + count);
  }

  /** Where the first entry past `seq` stands: a binary search. */
  private placeAfter(seq: number): number {
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle]!.seq <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
