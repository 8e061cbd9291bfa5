import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { SessionUpkeepRepository } from './session-upkeep.repository.js';

/** Removes sessions that have been dead for longer than SESSION_RETENTION. */
@Injectable()
export class SessionsPurgeJob {
  private readonly logger = new Logger(SessionsPurgeJob.name);

  constructor(private readonly sessions: SessionUpkeepRepository) {}

  @Cron(CronExpression.EVERY_MINUTE, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      let purged = 0;
      for (let batch = 1; batch > 0; purged += batch) batch = await this.sessions.purgeBatch();
      if (purged > 0) this.logger.log({ message: 'Purged dead sessions.', rows: purged });
    } catch (error) {
      this.logger.error({ message: 'Dead sessions could not be purged; the next run tries again.', error });
    }
  }
}
