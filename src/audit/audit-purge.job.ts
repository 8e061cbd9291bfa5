import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Config } from '../config.js';
import { AuditRepository } from './audit.repository.js';

/** Rows deleted in one transaction: some ten milliseconds. */
const PURGE_BATCH = 2_000;

/** Removes what is older than AUDIT_RETENTION. Two instances at once take different rows. */
@Injectable()
export class AuditPurgeJob {
  private readonly logger = new Logger(AuditPurgeJob.name);

  constructor(
    private readonly config: Config,
    private readonly audit: AuditRepository,
  ) {}

  @Cron(CronExpression.EVERY_HOUR, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      let purged = 0;
      for (let batch = 1; batch > 0; purged += batch) {
        batch = await this.audit.purgeBatch(this.config.auditRetention, PURGE_BATCH);
      }
      if (purged > 0) this.logger.log({ message: 'Purged the audit.', rows: purged });
    } catch (error) {
      this.logger.error({ message: 'The audit could not be purged; the next run tries again.', error });
    }
  }
}
