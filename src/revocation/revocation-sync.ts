import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RevocationIndex, type RevocationEntry } from '@portcullis/verifier';
import { setTimeout as delay } from 'node:timers/promises';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import { Readiness } from '../common/readiness.js';
import { Config } from '../config.js';
import { RevocationsRepository, type Cursor } from './revocations.repository.js';

/** Milliseconds between two looks at the head of the log. */
const POLL_MS = 1_000;

/** The longest that a request waits for a stale index to be read anew, in milliseconds. */
const CATCH_UP_WAIT_MS = 1_000;

/**
 * Keeps this instance's deny-list equal to the table. Nothing is forgotten by a read: entries only leave by a sweep,
 * once every token that they refuse has run out.
 */
@Injectable()
export class RevocationSync implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RevocationSync.name);
  readonly index = new RevocationIndex();

  private cursor: Cursor | null = null;
  /** When the last confirming read began, by both clocks: a frozen process stops one, a stepped clock the other. */
  private confirmedMonotonic = -Infinity;
  private confirmedWall = -Infinity;
  private running: Promise<void> | null = null;
  private following: Promise<void> | null = null;
  private poll: NodeJS.Timeout | undefined;
  private failing = false;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly revocations: RevocationsRepository,
    readiness: Readiness,
  ) {
    readiness.add('deny-list', async () =>
      this.isFresh() ? null : `Last confirmed ${this.describeAge()} ago; the limit is ${config.revocationMaxStaleness} s.`,
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.catchUp().catch(() => undefined);
    this.schedule();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.poll);
    this.poll = undefined;
  }

  /** Whether the index may decide: its last confirming read began within REVOCATION_MAX_STALENESS by both clocks. */
  isFresh(): boolean {
    const limit = this.config.revocationMaxStaleness * 1000;
    return (
      this.clock.monotonic() - this.confirmedMonotonic <= limit && this.clock.now() - this.confirmedWall <= limit
    );
  }

  /** Takes over what this instance committed itself, before it answers. */
  apply(entries: RevocationEntry[]): void {
    for (const entry of entries) this.index.apply(entry);
  }

  /**
   * Resolves once a read that began after this call has confirmed the index; all who wait share it. Throws
   * `revocation_unavailable` when that read fails or takes over a second.
   */
  async awaitFresh(): Promise<void> {
    const timeout = new AbortController();
    try {
      await Promise.race([
        this.catchUp(),
        delay(CATCH_UP_WAIT_MS, undefined, { signal: timeout.signal }).then(() => {
          throw new Error(`no answer within ${CATCH_UP_WAIT_MS} ms`);
        }),
      ]);
    } catch (cause) {
      throw new AppError('revocation_unavailable', { cause, log: 'the deny-list is stale', retryAfter: 1 });
    } finally {
      timeout.abort();
    }
  }

  /** A read begun after this call: a running one does not count, as it may have begun before. */
  private catchUp(): Promise<void> {
    if (!this.running) return this.begin();
    this.following ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.following = null;
        return this.running ?? this.begin();
      });
    return this.following;
  }

  private begin(): Promise<void> {
    const read = this.read().finally(() => {
      if (this.running === read) this.running = null;
    });
    this.running = read;
    return read;
  }

  private async read(): Promise<void> {
    const monotonic = this.clock.monotonic();
    const wall = this.clock.now();
    try {
      this.cursor = this.cursor ? await this.readOn(this.cursor) : await this.readAll();
      this.confirmedMonotonic = monotonic;
      this.confirmedWall = wall;
      this.noteHealth(null);
    } catch (error) {
      this.noteHealth(error);
      throw error;
    }
  }

  private async readOn(cursor: Cursor): Promise<Cursor> {
    const log = await this.revocations.readAfter(cursor);
    const diverged =
      log.cursor.epoch !== cursor.epoch ||
      log.cursor.seq < cursor.seq ||
      (cursor.rowId !== null && log.rowIdAtCursor !== null && log.rowIdAtCursor !== cursor.rowId);
    if (diverged) {
      this.logger.error({ message: 'The database is another one, or an older state of it: reading it anew.', cursor, found: log.cursor });
      return this.readAll();
    }
    this.apply(log.entries);
    return log.cursor;
  }

  private async readAll(): Promise<Cursor> {
    await this.revocations.noteTokenLife(this.config.accessTokenTtl);
    return this.revocations.load((entries) => this.apply(entries));
  }

  private schedule(): void {
    this.poll = setTimeout(async () => {
      await this.catchUp().catch(() => undefined);
      if (this.poll) this.schedule();
    }, POLL_MS);
    this.poll.unref();
  }

  /** One line when it starts to fail and one when it works again, not one a second. */
  private noteHealth(error: unknown): void {
    if (error && !this.failing) this.logger.error({ message: 'The deny-list cannot be read.', error });
    if (!error && this.failing) this.logger.log({ message: 'The deny-list is read again.' });
    this.failing = error !== null;
  }

  private describeAge(): string {
    const age = (this.clock.monotonic() - this.confirmedMonotonic) / 1000;
    return Number.isFinite(age) ? `${age.toFixed(1)} s` : 'never, so unboundedly long';
  }
}
