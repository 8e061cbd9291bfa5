import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Metrics } from '../common/metrics/metrics.js';
import { Readiness } from '../common/readiness.js';
import { REQUEST_LIMITS } from './data-source.js';
import { Database } from './database.js';
import { correctionBy } from './database-clock.js';
import { DatabaseHealthRepository, type DatabaseHealth } from './database-health.repository.js';
import { pendingMigrations } from './migrator.js';

/** As `server_version_num`. */
const OLDEST_VERSION = 140_000;

/** Seconds. Tokens go by the database's clock, but when a session was last used is noted by ours, and logs bear its time. */
const MOST_SKEW = 30;

/** With the times of this machine between which it was read, in seconds since 1970. */
interface TimedHealth {
  health: DatabaseHealth;
  asked: number;
  answered: number;
}

/** What `/health/ready` says of the database. */
@Injectable()
export class DatabaseReadiness {
  /** Once none is pending it stays so: another version's migrations are another process's concern. */
  private migrated = false;
  private reading: Promise<TimedHealth> | null = null;

  constructor(
    private readonly database: Database,
    private readonly health: DatabaseHealthRepository,
    private readonly clock: Clock,
    readiness: Readiness,
    metrics: Metrics,
  ) {
    metrics.measure('portcullis_database_pool_connections', () => database.connections);
    readiness.add('database', async () => describeUnusable((await this.read()).health));
    readiness.add('clock', () => this.describeSkew());
    readiness.add('migrations', () => this.describePending());
  }

  private async describeSkew(): Promise<string | null> {
    const { asked, answered, health } = await this.read();
    const ahead = -correctionBy({ asked, told: health.now, answered });
    if (Math.abs(ahead) <= MOST_SKEW) return null;
    const way = ahead > 0 ? 'ahead of' : 'behind';
    return `The clock of this machine is ${Math.round(Math.abs(ahead))} s ${way} the database's. Set both by NTP.`;
  }

  /** One read for the checks of one report, which all ask in one turn; the next report does not wait for one that hangs. */
  private read(): Promise<TimedHealth> {
    this.reading ??= this.readNow();
    queueMicrotask(() => (this.reading = null));
    return this.reading;
  }

  private async readNow(): Promise<TimedHealth> {
    const asked = this.clock.seconds();
    const health = await this.health.read(Object.keys(REQUEST_LIMITS));
    return { asked, answered: this.clock.seconds(), health };
  }

  private async describePending(): Promise<string | null> {
    if (this.migrated) return null;
    const pending = await pendingMigrations(this.database);
    this.migrated = pending.length === 0;
    return this.migrated ? null : `Pending: ${pending.join(', ')}. Run: npm run migration:run`;
  }
}

function describeUnusable({ standby, readOnly, version, role, unlimited }: DatabaseHealth): string | null {
  if (version < OLDEST_VERSION) {
    return `PostgreSQL ${Math.floor(version / 10_000)} is too old. Upgrade it to ${OLDEST_VERSION / 10_000} or later.`;
  }
  if (standby) return 'The database is a standby. Set DATABASE_URL to the primary, or promote it.';
  if (readOnly)
    return 'The database is read-only. Find out why (default_transaction_read_only), and let it be written.';
  if (unlimited.length > 0) {
    const settings = unlimited.map((name) => `alter role ${role} set ${name} = ${REQUEST_LIMITS[name]}`);
    return `A pooler keeps back limits of time, so that requests could wait for ever. Run: ${settings.join('; ')}`;
  }
  return null;
}
