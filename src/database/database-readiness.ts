import { Injectable } from '@nestjs/common';
import { Metrics } from '../common/metrics/metrics.js';
import { Readiness } from '../common/readiness.js';
import { Database } from './database.js';
import { pendingMigrations } from './migrator.js';

/** What `/health/ready` says of the database. */
@Injectable()
export class DatabaseReadiness {
  /** Once none is pending it stays so: another version's migrations are another process's concern. */
  private migrated = false;

  constructor(
    private readonly database: Database,
    readiness: Readiness,
    metrics: Metrics,
  ) {
    metrics.measure('portcullis_database_pool_connections', () => database.connections);
    readiness.add('database', async () => {
      await this.database.query('select 1');
      return null;
    });
    readiness.add('migrations', () => this.describePending());
  }

  private async describePending(): Promise<string | null> {
    if (this.migrated) return null;
    const pending = await pendingMigrations(this.database);
    this.migrated = pending.length === 0;
    return this.migrated ? null : `Pending: ${pending.join(', ')}. Run: npm run migration:run`;
  }
}
