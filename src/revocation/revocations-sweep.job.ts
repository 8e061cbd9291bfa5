import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Config } from '../config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { RevocationLogRepository } from './revocation-log.repository.js';
import { RevocationSync } from './revocation-sync.js';

/** What each instance does for itself: forgets what no longer refuses anything, and notes the life of its tokens. */
@Injectable()
export class RevocationsSweepJob {
  private readonly logger = new Logger(RevocationsSweepJob.name);

  constructor(
    private readonly config: Config,
    private readonly clock: DatabaseClock,
    private readonly log: RevocationLogRepository,
    private readonly sync: RevocationSync,
  ) {}

  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      await this.sweep();
      await this.log.noteTokenLife(this.config.accessTokenTtl);
    } catch (error) {
      const message = 'The deny-list could not be swept, or the life of tokens not noted; the next run tries again.';
      this.logger.error({ message, error });
    }
  }

  /** After a look, which tells the time. For how much later than entries expire: at `DatabaseClock`. */
  private async sweep(): Promise<void> {
    await this.sync.awaitFresh();
    const before = this.sync.index.size;
    await this.sync.index.sweep(this.clock.certain - this.config.revocationMaxStaleness);
    const entries = Math.max(0, before - this.sync.index.size);
    if (entries > 0) this.logger.log({ message: 'Swept the deny-list in memory.', entries });
  }
}
