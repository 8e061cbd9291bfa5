import { Injectable, Logger } from '@nestjs/common';
import { RateLimiterRes, type RateLimiterPostgres } from 'rate-limiter-flexible';
import { AppError } from '../common/errors/app-error.js';
import { Metrics } from '../common/metrics/metrics.js';
import { Config } from '../config.js';
import { rateLimits, type RateLimitName } from './rate-limits.js';
import { RateLimitsRepository } from './rate-limits.repository.js';

/** One attempt, counted against one limit. */
export interface Attempt {
  limit: RateLimitName;
  /** Whom the limit is about. It stands in the table as it is. */
  subject: string;
}

/** Attempts within the limits, counted in the database: for all instances together, and across restarts. */
@Injectable()
export class RateLimitsService {
  private readonly logger = new Logger(RateLimitsService.name);
  private readonly counters: Record<RateLimitName, RateLimiterPostgres>;

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
    private readonly repository: RateLimitsRepository,
  ) {
    const counters = Object.entries(rateLimits).map(([name, { points, seconds }]) => [
      name,
      repository.counter(name, points, seconds),
    ]);
    this.counters = Object.fromEntries(counters);
  }

  /** Counts these attempts, before they are made: all of them, or none. Throws `too_many_requests`. */
  async spend(attempts: Attempt[]): Promise<void> {
    const refusal = await this.trySpending(attempts);
    if (refusal) throw refusal;
  }

  /** As `spend`, but returns the refusal by the first limit that is reached; null when the attempts may be made. */
  async trySpending(attempts: Attempt[]): Promise<AppError | null> {
    if (!this.config.rateLimits) return null;
    for (const [place, { limit, subject }] of attempts.entries()) {
      const refusal = await this.counters[limit].consume(subject).then(() => null, asRefusal);
      if (!refusal) continue;
      // The library counts what it refuses. Right passwords that come all at once would then be held against the person.
      await this.giveBack(attempts.slice(0, place + 1));
      this.metrics.count('portcullis_limits_reached_total', limit);
      const retryAfter = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      return new AppError('too_many_requests', { log: `the limit ${limit} is reached`, retryAfter });
    }
    return null;
  }

  /** What `work` comes to. The attempts stay counted when the password was wrong, and are given back otherwise. */
  async countFailures<T>(attempts: Attempt[], work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      await this.giveBack(attempts);
      return result;
    } catch (error) {
      const wrong = error instanceof AppError && error.code === 'credentials_invalid';
      if (!wrong) await this.giveBack(attempts);
      throw error;
    }
  }

  /** As if the attempts had not been made. A fault is logged: whoever has been let in is not to hear of it. */
  async giveBack(attempts: Attempt[]): Promise<void> {
    if (!this.config.rateLimits) return;
    try {
      const keys = attempts.map(({ limit, subject }) => this.counters[limit].getKey(subject));
      // The clock that the library counts by.
      await this.repository.takeBack(keys, Date.now());
    } catch (error) {
      this.logger.warn({
        message: 'Attempts could not be given back; they count as failed until their window ends.',
        error,
      });
    }
  }
}

/** The library rejects with what it refuses, and with what the database says. */
function asRefusal(rejected: unknown): RateLimiterRes {
  if (rejected instanceof RateLimiterRes) return rejected;
  throw rejected;
}
