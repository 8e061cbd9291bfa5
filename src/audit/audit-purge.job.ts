import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Metrics } from '../common/metrics/metrics.js';
import { Config } from '../config.js';
import { FleetJobs } from '../database/fleet-jobs.js';
import { purgeAtPace } from '../database/purge-at-pace.js';
import { AuditRepository } from './audit.repository.js';

/** Removes what is older than AUDIT_RETENTION, for all instances. */
@Injectable()
export class AuditPurgeJob {
  private readonly logger = new Logger(AuditPurgeJob.name);

  constructor(
    private readonly config: Config,
    private readonly jobs: FleetJobs,
    private readonly audit: AuditRepository,
    private readonly metrics: Metrics,
  ) {}

  @Cron(CronExpression.EVERY_HOUR, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const rows = await this.purge();
      this.metrics.count('portcullis_purged_rows_total', 'audit_events', rows ?? 0);
      if (rows) this.logger.log({ message: 'Purged the audit.', rows });
    } catch (error) {
      this.logger.error({ message: 'The audit could not be purged; the next run tries again.', error });
    }
  }

  /** How many rows went; null when another instance is at it. Throws what the database says. */
  purge(): Promise<number | null> {
    const deleteBatch = (limit: number) => this.audit.purgeBatch(this.config.auditRetention, limit);
    return this.jobs.run('audit purge', (signal) => purgeAtPace(deleteBatch, signal));
  }
}
