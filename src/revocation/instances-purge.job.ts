import { Injectable, Logger } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Metrics } from '../common/metrics/metrics.js';
import { FleetJobs } from '../database/fleet-jobs.js';
import { InstancesRepository } from './instances.repository.js';

/** Removes the rows of instances that did not stop cleanly: a handful. */
@Injectable()
export class InstancesPurgeJob {
  private readonly logger = new Logger(InstancesPurgeJob.name);

  constructor(
    private readonly jobs: FleetJobs,
    private readonly instances: InstancesRepository,
    private readonly metrics: Metrics,
  ) {}

  @Cron(CronExpression.EVERY_10_MINUTES, { waitForCompletion: true })
  async run(): Promise<void> {
    try {
      const rows = await this.jobs.run('instances purge', () => this.instances.purge());
      this.metrics.count('portcullis_purged_rows_total', 'instances', rows ?? 0);
      if (rows) this.logger.log({ message: 'Purged rows of instances.', rows });
    } catch (error) {
      this.logger.error({ message: 'Rows of instances could not be purged; the next run tries again.', error });
    }
  }
}
