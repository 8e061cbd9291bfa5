import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { RevocationIndex, type RevocationEntry } from '@portcullis/verifier';
import { AppError } from '../common/errors/app-error.js';
import { DatabaseClock } from '../database/database-clock.js';
import type { LogFollower, LogPosition, LogStep } from '../revocation/log-follower.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { FeedLog } from './feed-log.js';

/** What the feed knows of the log: where it stands, and its last stretch. Nothing here asks the database by itself. */
@Injectable()
export class FeedHistory implements OnModuleInit, OnModuleDestroy {
  private log: FeedLog | null = null;
  /** The index of that log. While another log is taken over there is another one already, whose places are not these. */
  index: RevocationIndex;
  /** What this instance had missed: its places tell nobody that it is to be known. */
  private mended = new RevocationIndex();
  private readonly listeners = new Set<LogFollower>();
  private unfollow: (() => void) | undefined;

  constructor(
    private readonly clock: DatabaseClock,
    private readonly sync: RevocationSync,
  ) {
    this.index = sync.index;
  }

  onModuleInit(): void {
    this.unfollow = this.sync.follow({
      step: (step) => this.take(step),
      mended: (entries) => this.takeMended(entries),
    });
  }

  onModuleDestroy(): void {
    this.unfollow?.();
  }

  /** Tells `listener` each step of the log, once it is remembered here. */
  follow(listener: LogFollower): void {
    this.listeners.add(listener);
  }

  /** How far the log is told. Throws `revocation_unavailable` before it was read for the first time. */
  get position(): LogPosition {
    return this.known.position;
  }

  /** The next entries past `seq` in the order of the log, at most `count`; null when they are not remembered any more. */
  listAfter(seq: number, count: number): RevocationEntry[] | null {
    return this.known.listAfter(seq, count);
  }

  /**
   * What this instance had missed and is in force still, in slices and in no order: whoever comes with a cursor may have
   * been told by this instance that it is past that.
   */
  *mendedSlices(): Generator<RevocationEntry[]> {
    const now = this.clock.certain;
    for (const slice of this.mended.slicesAfter(-1)) yield slice.filter(({ expiresAt }) => expiresAt > now);
  }

  /** As the deny-list is swept. What is permanent, such as a disabled application, keeps nothing else here. */
  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async sweep(): Promise<void> {
    await this.mended.sweep(this.clock.certain);
  }

  /**
   * The seq from which to go on; −1 without a cursor, for everything. Throws `revocation_unavailable` when this instance
   * is stale, and `cursor_gone` for a place that is not in the log: not before a look of its own, as another instance
   * may have read further.
   */
  async locate(cursor: LogPosition | null): Promise<number> {
    if (!this.sync.isFresh() || (cursor !== null && !this.holds(cursor))) await this.sync.awaitFresh();
    if (cursor === null) return -1;
    if (!this.holds(cursor)) throw new AppError('cursor_gone');
    return cursor.seq;
  }

  private get known(): FeedLog {
    if (!this.log) throw new AppError('revocation_unavailable', { log: 'the deny-list was not read yet' });
    return this.log;
  }

  private holds({ epoch, seq }: LogPosition): boolean {
    return this.log !== null && epoch === this.log.position.epoch && seq <= this.log.position.seq;
  }

  private take(step: LogStep): void {
    if (this.log === null || step.entries === null) {
      this.log = new FeedLog(step.position);
      this.index = this.sync.index;
      this.mended = new RevocationIndex();
    } else {
      this.log.append(step.entries, step.position);
    }
    for (const listener of this.listeners) listener.step(step);
  }

  private takeMended(entries: RevocationEntry[]): void {
    for (const entry of entries) this.mended.apply(entry);
    for (const listener of this.listeners) listener.mended(entries);
  }
}
