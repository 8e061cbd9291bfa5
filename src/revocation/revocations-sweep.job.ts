import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../common/clock.js';
import { Config } from '../config.js';
import { RevocationLogRepository } from './revocation-log.repository.js';
import { RevocationSync } from './revocation-sync.js';

/** What each instance does for itself: forgets what no longer refuses anything, and notes the life of its tokens. */
@Injectable()
export class RevocationsSweepJob {
  private readonly logger = new Logger(RevocationsSweepJob.name);

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly log: RevocationLogRepository,
    private readonly sync: RevocationSync,
  ) {}

  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async run(): Promise<void> {
    const before = this.sync.index.size;
    await this.sync.index.sweep(this.clock.seconds());
    const entries = Math.max(0, before - this.sync.index.size);
    if (entries > 0) this.logger.log({ message: 'Swept the deny-list in memory.', entries });
    try {
      await this.log.noteTokenLife(this.config.accessTokenTtl);
    } catch (error) {
      this.logger.error({ message: 'The life of access tokens could not be noted; the next run tries again.', error });
    }
  }
}
