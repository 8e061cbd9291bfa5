import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database/database.js';
import { raised } from '../database/versions.js';

export interface SignedOutApplication {
  id: string;
  /** Its new token version, below which every session has ended. */
  version: number;
  enabled: boolean;
}

@Injectable()
export class ApplicationsRepository {
  constructor(private readonly database: Database) {}

  async isEnabled(applicationId: string): Promise<boolean> {
    const [row] = await this.database.query<{ enabled: boolean }>('select enabled from applications where id = $1', [
      applicationId,
    ]);
    return row?.enabled ?? false;
  }

  /** Ends every session of one application, or of all (null), without touching one; empty when there is no such one. */
  async signOut(tx: Transaction, applicationId: string | null): Promise<SignedOutApplication[]> {
    const rows = await tx.query<{ id: string; token_version: string; enabled: boolean }>(
      `with locked as (
         select id from applications where $1::text is null or id = $1 order by id for no key update)
       update applications set token_version = ${raised('token_version')}, sessions_floor = ${raised('token_version')}
         from locked where applications.id = locked.id
       returning applications.id, token_version, enabled`,
      [applicationId],
    );
    return rows.map(({ id, token_version, enabled }) => ({ id, version: Number(token_version), enabled }));
  }
}
