import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Metrics } from '../common/metrics/metrics.js';
import { FleetJobs } from '../database/fleet-jobs.js';
import { purgeAtPace } from '../database/purge-at-pace.js';
import { SessionUpkeepRepository } from './session-upkeep.repository.js';

/** Removes sessions that have been dead for longer than SESSION_RETENTION, for all instances. */
@Injectable()
export class SessionsPurgeJob {
  private readonly logger = new Logger(SessionsPurgeJob.name);

  constructor(
    private readonly jobs: FleetJobs,
    private readonly sessions: SessionUpkeepRepository,
    private readonly metrics: Metrics,
  ) {}

  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const rows = await this.purge();
      this.metrics.count('portcullis_purged_rows_total', 'sessions', rows ?? 0);
      if (rows) this.logger.log({ message: 'Purged dead sessions.', rows });
    } catch (error) {
      this.logger.error({ message: 'Dead sessions could not be purged; the next run tries again.', error });
    }
  }

  /** How many rows went; null when another instance is at it. Throws what the database says. */
  purge(): Promise<number | null> {
    const deleteBatch = this.sessions.purgeBatch.bind(this.sessions);
    return this.jobs.run('sessions purge', (signal) => purgeAtPace(deleteBatch, signal));
  }
}
