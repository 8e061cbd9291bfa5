import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/errors/app-error.js';
import { Metrics } from '../common/metrics/metrics.js';
import { Config } from '../config.js';
import { rateLimits, type RateLimitName } from './rate-limits.js';
import { RateLimitsRepository, type Allowance, type Place } from './rate-limits.repository.js';

/**
 * Milliseconds for which a place is waited for that others hold: a password takes some 20 to look at, and those of one
 * limit may have to wait for those of others. Together about what a full queue of passwords takes.
 */
const PAUSES = [25, 50, 100, ...Array<number>(12).fill(200)];

/**
 * How many wait here for a place of one limit and subject; who comes past them is told to come back. Each asks the one
 * row again and again: twice as many as the places of the smallest limit are served within the pauses above.
 */
const MOST_WAITERS = 20;

/** One attempt, counted against one limit. */
export interface Attempt {
  limit: RateLimitName;
  /** Whom the limit is about. It stands in the table as it is. */
  subject: string;
  /** Whether it may be made though the limit is reached. Asked only then. */
  exempt?: () => Promise<boolean>;
}

/** What a limit answers that has no place left. */
interface Refusal {
  limit: RateLimitName;
  /** The limit's name and whom it is about. */
  key: string;
  /** Whether attempts are being made that may be right: a place may be free in a moment. */
  busy: boolean;
  /** Milliseconds until the window is over. */
  over: number;
}

/** Attempts within the limits, counted in the database: for all instances together, and across restarts. */
@Injectable()
export class RateLimitsService {
  private readonly logger = new Logger(RateLimitsService.name);
  /** How many wait, by the key of what they found busy first. */
  private readonly waiters = new Map<string, number>();

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
    private readonly repository: RateLimitsRepository,
  ) {}

  /** Counts an attempt, whatever comes of it, before it is made. Throws `too_many_requests`. */
  async spend(attempt: Attempt): Promise<void> {
    const refusal = await this.trySpending(attempt);
    if (refusal) throw refusal;
  }

  /** As `spend`, but returns the refusal; null when the attempt may be made. */
  async trySpending(attempt: Attempt): Promise<AppError | null> {
    if (!this.config.rateLimits) return null;
    const outcome = await this.take(attempt, 'counted');
    return 'limit' in outcome ? this.refusal(outcome) : null;
  }

  /**
   * What `work` comes to, for which a place within each of the limits is held meanwhile. When the password was wrong the
   * attempts count, else they are as if they had not been made. Where others hold the places it is waited for them, a
   * few seconds at most; throws `too_many_requests` then, when enough wait already, or when that many have failed.
   */
  async countFailures<T>(attempts: Attempt[], work: () => Promise<T>): Promise<T> {
    const places = await this.reserve(attempts);
    try {
      const result = await work();
      await this.release(places, false);
      return result;
    } catch (error) {
      await this.release(places, error instanceof AppError && error.code === 'credentials_invalid');
      throw error;
    }
  }

  private async reserve(attempts: Attempt[]): Promise<Place[]> {
    if (!this.config.rateLimits) return [];
    const outcome = await this.tryReserving(attempts);
    if (Array.isArray(outcome)) return outcome;
    const waiters = this.waiters.get(outcome.key) ?? 0;
    if (!outcome.busy || waiters >= MOST_WAITERS) throw this.refusal(outcome);
    this.waiters.set(outcome.key, waiters + 1);
    try {
      return await this.awaitPlaces(attempts, outcome);
    } finally {
      const left = this.waiters.get(outcome.key)! - 1;
      if (left > 0) this.waiters.set(outcome.key, left);
      else this.waiters.delete(outcome.key);
    }
  }

  private async awaitPlaces(attempts: Attempt[], found: Refusal): Promise<Place[]> {
    let refusal = found;
    for (const pause of PAUSES) {
      // Those who wait for the same place do not ask in step.
      await sleep(pause * (0.5 + Math.random()));
      const outcome = await this.tryReserving(attempts);
      if (Array.isArray(outcome)) return outcome;
      refusal = outcome;
      if (!refusal.busy) break;
    }
    throw this.refusal(refusal);
  }

  /** A place in each, or none and the refusal of the first that has none left. */
  private async tryReserving(attempts: Attempt[]): Promise<Place[] | Refusal> {
    const places: Place[] = [];
    try {
      for (const attempt of attempts) {
        const outcome = await this.take(attempt, 'reserved');
        if ('expire' in outcome) places.push(outcome);
        else if (!(await attempt.exempt?.())) {
          await this.release(places, false);
          return outcome;
        }
      }
      return places;
    } catch (error) {
      await this.release(places, false);
      throw error;
    }
  }

  private async take({ limit, subject }: Attempt, as: 'reserved' | 'counted'): Promise<Place | Refusal> {
    const allowance: Allowance = { key: `${limit}:${subject}`, ...rateLimits[limit] };
    const now = Date.now();
    const window = await this.repository.take(allowance, as, now);
    if (window?.taken) return { key: allowance.key, expire: window.expire };
    return {
      limit,
      key: allowance.key,
      busy: !window || window.points < allowance.points,
      over: window ? window.expire - now : 0,
    };
  }

  private refusal({ limit, busy, over }: Refusal): AppError {
    this.metrics.count('portcullis_limits_reached_total', limit);
    const retryAfter = busy ? 1 : Math.max(1, Math.ceil(over / 1000));
    const log = busy ? `all places of the limit ${limit} are taken` : `the limit ${limit} is reached`;
    return new AppError('too_many_requests', { log, retryAfter });
  }

  /** A fault is logged: whoever has been let in is not to hear of it. */
  private async release(places: Place[], counted: boolean): Promise<void> {
    if (places.length === 0) return;
    try {
      await this.repository.release(places, counted);
    } catch (error) {
      this.logger.warn({
        message: 'The places that attempts held in their limits could not be given up; they stay until a window ends.',
        error,
      });
    }
  }
}
