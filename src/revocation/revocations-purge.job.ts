import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Metrics } from '../common/metrics/metrics.js';
import { FleetJobs } from '../database/fleet-jobs.js';
import { purgeAtPace } from '../database/purge-at-pace.js';
import { RevocationsRepository } from './revocations.repository.js';

/** Removes expired rows of the deny-list, for all instances. */
@Injectable()
export class RevocationsPurgeJob {
  private readonly logger = new Logger(RevocationsPurgeJob.name);

  constructor(
    private readonly jobs: FleetJobs,
    private readonly revocations: RevocationsRepository,
    private readonly metrics: Metrics,
  ) {}

  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const rows = await this.purge();
      this.metrics.count('portcullis_purged_rows_total', 'revocations', rows ?? 0);
      if (rows) this.logger.log({ message: 'Purged the deny-list.', rows });
    } catch (error) {
      this.logger.error({ message: 'The deny-list could not be purged; the next run tries again.', error });
    }
  }

  /** How many rows went; null when another instance is at it. Throws what the database says. */
  purge(): Promise<number | null> {
    const deleteBatch = this.revocations.purgeBatch.bind(this.revocations);
    return this.jobs.run('deny-list purge', (signal) => purgeAtPace(deleteBatch, signal));
  }
}
