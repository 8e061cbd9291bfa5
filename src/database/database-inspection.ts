import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import { pendingMigrations } from './migrator.js';

/** The server and the role as the doctor looks at them. */
export interface DatabaseFacts {
  /** As `18.1`. */
  version: string;
  versionNumber: number;
  role: string;
  superuser: boolean;
  /** Whether the role may make tables. */
  mayCreate: boolean;
  /** Whether it is a standby, which only reads. */
  standby: boolean;
  readOnly: boolean;
  connections: number;
  mostConnections: number;
  /** Milliseconds by which its clock is ahead of ours, give or take half of `roundTrip`. */
  clockAhead: number;
  roundTrip: number;
}

interface FactsRow {
  version: string;
  version_number: number;
  role: string;
  superuser: boolean;
  may_create: boolean;
  standby: boolean;
  read_only: boolean;
  connections: number;
  most_connections: number;
  clock: Date;
}

/** What can be asked of the database about itself. Changes nothing. */
@Injectable()
export class DatabaseInspection {
  constructor(private readonly database: Database) {}

  async facts(): Promise<DatabaseFacts> {
    // The first statement opens the connection, which is no part of the round trip.
    await this.database.query('select 1');
    const before = Date.now();
    const [row] = await this.database.query<FactsRow>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as version_number,
              current_user as role, coalesce((select rolsuper from pg_roles where rolname = current_user), false) as superuser,
              has_schema_privilege(current_user, 'public', 'create') as may_create, pg_is_in_recovery() as standby,
              current_setting('transaction_read_only')::boolean as read_only,
              (select count(*)::int from pg_stat_activity where datname = current_database()) as connections,
              current_setting('max_connections')::int as most_connections, clock_timestamp() as clock`,
    );
    const after = Date.now();
    return {
      version: row!.version.split(' ')[0]!,
      versionNumber: row!.version_number,
      role: row!.role,
      superuser: row!.superuser,
      mayCreate: row!.may_create,
      standby: row!.standby,
      readOnly: row!.read_only,
      connections: row!.connections,
      mostConnections: row!.most_connections,
      clockAhead: row!.clock.getTime() - (before + after) / 2,
      roundTrip: after - before,
    };
  }

  /** The database's clock. */
  async now(): Promise<Date> {
    const [row] = await this.database.query<{ now: Date }>('select now() as now');
    return row!.now;
  }

  pendingMigrations(): Promise<string[]> {
    return pendingMigrations(this.database);
  }
}
