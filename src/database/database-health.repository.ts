import { Injectable } from '@nestjs/common';
import { Database } from './database.js';

/** What the database says of itself. */
export interface DatabaseHealth {
  /** A server that follows another one, and takes no change. */
  standby: boolean;
  readOnly: boolean;
  /** As `server_version_num`: 150004 for 15.4. */
  version: number;
  /** Seconds since 1970 by its clock. */
  now: number;
}

@Injectable()
export class DatabaseHealthRepository {
  constructor(private readonly database: Database) {}

  async read(): Promise<DatabaseHealth> {
    const [health] = await this.database.query<DatabaseHealth>(
      `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "readOnly",
              current_setting('server_version_num')::int as version,
              extract(epoch from clock_timestamp())::float8 as now`,
    );
    return health!;
  }
}
