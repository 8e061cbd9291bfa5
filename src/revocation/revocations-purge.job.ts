import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../common/clock.js';
import { Config } from '../config.js';
import { RevocationLogRepository } from './revocation-log.repository.js';
import { RevocationSync } from './revocation-sync.js';
import { RevocationsRepository } from './revocations.repository.js';

/** Removes what no longer refuses anything: expired rows of the table, expired entries of this instance's index. */
@Injectable()
export class RevocationsPurgeJob {
  private readonly logger = new Logger(RevocationsPurgeJob.name);

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly revocations: RevocationsRepository,
    private readonly log: RevocationLogRepository,
    private readonly sync: RevocationSync,
  ) {}

  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      await this.log.noteTokenLife(this.config.accessTokenTtl);
      const before = this.sync.index.size;
      await this.sync.index.sweep(this.clock.seconds());
      const entries = Math.max(0, before - this.sync.index.size);
      const rows = await this.purgeRows();
      if (rows + entries > 0) this.logger.log({ message: 'Purged the deny-list.', rows, entries });
    } catch (error) {
      this.logger.error({ message: 'The deny-list could not be purged; the next run tries again.', error });
    }
  }

  private async purgeRows(): Promise<number> {
    let purged = 0;
    for (let batch = 1; batch > 0; purged += batch) batch = await this.revocations.purgeBatch();
    return purged;
  }
}
