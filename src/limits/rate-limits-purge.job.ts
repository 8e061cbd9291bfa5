import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Metrics } from '../common/metrics/metrics.js';
import { FleetJobs } from '../database/fleet-jobs.js';
import { purgeAtPace } from '../database/purge-at-pace.js';
import { RateLimitsRepository } from './rate-limits.repository.js';

/** Removes the counts of windows that are over, for all instances. */
@Injectable()
export class RateLimitsPurgeJob {
  private readonly logger = new Logger(RateLimitsPurgeJob.name);

  constructor(
    private readonly jobs: FleetJobs,
    private readonly limits: RateLimitsRepository,
    private readonly metrics: Metrics,
  ) {}

  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const deleteBatch = this.limits.purgeBatch.bind(this.limits);
      const rows = await this.jobs.run('rate limits purge', (signal) => purgeAtPace(deleteBatch, signal));
      this.metrics.count('portcullis_purged_rows_total', 'rate_limits', rows ?? 0);
      if (rows) this.logger.log({ message: 'Purged counts of attempts.', rows });
    } catch (error) {
      this.logger.error({ message: 'Counts of attempts could not be purged; the next run tries again.', error });
    }
  }
}
