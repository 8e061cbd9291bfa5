import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { MAX_TOKEN_LIFE, RevocationIndex, type RevocationEntry } from '@portcullis/verifier';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import { Metrics } from '../common/metrics/metrics.js';
import { Readiness } from '../common/readiness.js';
import { Config } from '../config.js';
import { IndexFreshness } from './index-freshness.js';
import type { LogFollower, LogPosition } from './log-follower.js';
import { LookSchedule, RETRY_MS } from './look-schedule.js';
import { PutBackService } from './put-back.service.js';
import { RevocationHints } from './revocation-hints.js';
import { RevocationLogRepository, type Cursor } from './revocation-log.repository.js';
import { SharedRead } from '../common/shared-read.js';
import { succeed } from './succession.js';

/** The longest that a request waits for a stale index to be read anew, in milliseconds. */
const CATCH_UP_WAIT_MS = 1_000;

export type RevocationListener = (entries: RevocationEntry[]) => void;

/**
 * Keeps this instance's deny-list equal to the table. Nothing is forgotten by a read: entries only leave by a sweep,
 * once every token that they refuse has run out.
 */
@Injectable()
export class RevocationSync implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RevocationSync.name);
  /** What is revoked. Not to be kept: after a restore of the database another one takes its place. */
  index = new RevocationIndex();

  /** The index that is about to take that place, while it is filled. */
  private successor: RevocationIndex | null = null;
  private readonly listeners = new Set<RevocationListener>();
  private readonly followers = new Set<LogFollower>();
  private cursor: Cursor | null = null;
  private readonly freshness: IndexFreshness;
  private readonly schedule: LookSchedule;
  private readonly reads = new SharedRead(() => this.read());
  private lastFailed = -Infinity;
  private failing = false;
  private stale = true;
  /** Lines that were new at the last look. */
  private lag = 0;
  private stopped = false;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly log: RevocationLogRepository,
    private readonly hints: RevocationHints,
    private readonly putBack: PutBackService,
    private readonly metrics: Metrics,
    readiness: Readiness,
  ) {
    this.freshness = new IndexFreshness(clock, config.revocationMaxStaleness);
    this.schedule = new LookSchedule(clock, () => this.look());
    metrics.measure('portcullis_revocation_staleness_seconds', () => this.staleness / 1000);
    metrics.measure('portcullis_revocation_head_lag', () => this.lag);
    metrics.measure('portcullis_revocation_index_bytes', () => this.index.memoryBytes);
    metrics.measure('portcullis_revocation_index_entries', () => {
      const { token, session, user, application, key } = this.index;
      return {
        token: token.size,
        session: session.size,
        user: user.size,
        application: application.size,
        key: key.size,
      };
    });
    readiness.add('deny-list', async () =>
      this.isFresh()
        ? null
        : `Last confirmed ${this.freshness.describeAge()} ago; the limit is ${config.revocationMaxStaleness} s.`,
    );
  }

  /** Listens first and reads then: what is committed in between is told. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.background) return;
    await this.hints.start({ onHint: (payload) => this.hear(payload), onListening: () => this.schedule.soon() });
    await this.look().catch(() => undefined);
    this.schedule.start();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    this.schedule.stop();
  }

  /**
   * Whether the index may decide: its last confirming read began within REVOCATION_MAX_STALENESS, or within `allowed`
   * seconds if that is longer, by both clocks. Negative: never, whoever asks wants a read of his own. `now`: unix ms.
   */
  isFresh(now = this.clock.now(), allowed: number | null = null): boolean {
    return this.freshness.isFresh(now, allowed);
  }

  /** Takes over what this instance committed itself, before it answers. */
  apply(entries: RevocationEntry[]): void {
    for (const entry of entries) {
      this.index.apply(entry);
      this.successor?.apply(entry);
    }
    if (entries.length > 0) for (const listener of this.listeners) listener(entries);
  }

  /** Takes over what a comparison found missing here. */
  mend(entries: RevocationEntry[]): void {
    this.apply(entries);
    if (entries.length > 0) for (const follower of this.followers) follower.mended(entries);
  }

  /** Calls `listener` with what was applied, after it was. Returns what ends the subscription. */
  subscribe(listener: RevocationListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** How far the log was read; null before the first time. */
  get position(): LogPosition | null {
    return this.cursor;
  }

  /** Milliseconds since the last confirming read began, by the clock that says more; Infinity before the first. */
  get staleness(): number {
    return this.freshness.staleness;
  }

  /**
   * Tells `follower` each step of reading the log, one after the other without a gap, and at the end of a read once more:
   * by then the index is confirmed. What this instance commits comes only when it is read. Returns what ends it.
   */
  follow(follower: LogFollower): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  /**
   * Resolves once a read that began after this call has confirmed the index; all who wait share it. Throws
   * `revocation_unavailable` when that read fails or takes over a second.
   */
  async awaitFresh(): Promise<void> {
    try {
      await this.reads.nextWithin(CATCH_UP_WAIT_MS);
    } catch (cause) {
      throw new AppError('revocation_unavailable', { cause, log: 'the deny-list is stale', retryAfter: 1 });
    }
  }

  /** A catch-up that nobody waits for. */
  private look(): Promise<void> {
    return this.reads.next().finally(() => this.noteFreshness());
  }

  private async read(): Promise<void> {
    const pause = this.lastFailed + RETRY_MS - this.clock.monotonic();
    if (pause > 0) await delay(pause);
    const began = this.freshness.now();
    try {
      this.cursor = this.cursor ? await this.readOn(this.cursor) : await this.readFirst();
      this.freshness.confirm(began);
      this.metrics.count('portcullis_revocation_reads_total', 'confirmed');
      this.tell(this.cursor, []);
      this.noteHealth(null);
    } catch (error) {
      this.lastFailed = this.clock.monotonic();
      this.metrics.count('portcullis_revocation_reads_total', 'failed');
      this.noteHealth(error);
      throw error;
    }
  }

  private async readFirst(): Promise<Cursor> {
    const cursor = await this.readAll(this.index);
    this.tell(cursor, null);
    return cursor;
  }

  private async readOn(cursor: Cursor): Promise<Cursor> {
    const log = await this.log.readAfter(cursor);
    const diverged =
      log.cursor.epoch !== cursor.epoch ||
      log.cursor.seq < cursor.seq ||
      (log.rowIdAtCursor !== null && log.rowIdAtCursor !== cursor.rowId);
    if (diverged) {
      const message = 'The database is another one, or an older state of it: reading it anew.';
      this.logger.error({ message, cursor, found: log.cursor });
      this.metrics.count('portcullis_revocation_divergences_total');
      return this.startOver(cursor);
    }
    this.lag = log.head - cursor.seq;
    this.apply(log.entries);
    this.tell(log.cursor, log.entries);
    if (log.complete) return log.cursor;
    // Should the next page fail, the next read goes on from here.
    this.cursor = log.cursor;
    return this.readOn(log.cursor);
  }

  private async startOver(lost: Cursor): Promise<Cursor> {
    const successor = new RevocationIndex();
    this.successor = successor;
    try {
      // The table may have forgotten a longer life that an operator set since, and tokens of it may be in circulation.
      await this.log.noteTokenLife(MAX_TOKEN_LIFE);
      const found = await this.readAll(successor);
      const missing = await succeed(successor, this.index);
      this.index = successor;
      const cursor = await this.putBack.afterRestore(lost, found, missing);
      this.tell(cursor, null);
      return await this.readOn(cursor);
    } finally {
      this.successor = null;
    }
  }

  private async readAll(index: RevocationIndex): Promise<Cursor> {
    await this.log.noteTokenLife(this.config.accessTokenTtl);
    return this.log.load((entries) => {
      for (const entry of entries) index.apply(entry);
    });
  }

  private tell(position: LogPosition, entries: RevocationEntry[] | null): void {
    for (const follower of this.followers) follower.step({ position, entries });
  }

  /** A hint is believed in nothing but that it is worth a look, unless it tells what is known. */
  private hear(payload: string): void {
    const [epoch, seq] = payload.split(':');
    if (this.cursor && epoch === this.cursor.epoch && Number(seq) <= this.cursor.seq) return;
    this.schedule.soon();
  }

  /** One line when it starts to fail and one when it works again, not one a second. */
  private noteHealth(error: unknown): void {
    if (this.stopped) return;
    if (error && !this.failing) this.logger.error({ message: 'The deny-list cannot be read.', error });
    if (!error && this.failing) this.logger.log({ message: 'The deny-list is read again.' });
    this.failing = error !== null;
  }

  /** The same for whether requests are served. */
  private noteFreshness(): void {
    const stale = !this.isFresh();
    if (this.stopped || stale === this.stale) return;
    this.stale = stale;
    const age = this.freshness.describeAge();
    if (stale) this.logger.error({ message: 'The deny-list is stale: requests that it decides get 503.', age });
    else this.logger.log({ message: 'The deny-list is fresh: requests are served.' });
  }
}
