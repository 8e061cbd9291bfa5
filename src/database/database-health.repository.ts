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
  role: string;
  /** Those of `limits` that do not hold for this connection. */
  unlimited: string[];
}

@Injectable()
export class DatabaseHealthRepository {
  constructor(private readonly database: Database) {}

  /** `limits`: names of settings that bound how long something takes. */
  async read(limits: string[]): Promise<DatabaseHealth> {
    const [health] = await this.database.query<DatabaseHealth>(
      `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as "readOnly",
              current_setting('server_version_num')::int as version,
              extract(epoch from clock_timestamp())::float8 as now, quote_ident(current_user) as role,
              array(select name from unnest($1::text[]) as name where current_setting(name) = '0') as unlimited`,
      [limits],
    );
    return health!;
  }
}
