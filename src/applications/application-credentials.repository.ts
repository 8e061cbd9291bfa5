import { Injectable } from '@nestjs/common';
import { Database, type Queryable, type Transaction } from '../database/database.js';

@Injectable()
export class ApplicationCredentialsRepository {
  constructor(private readonly database: Database) {}

  /** Those in use, by the database's time. None of an application that is disabled. */
  list(): Promise<{ application_id: string; secret_hash: Buffer }[]> {
    return this.database.query(
      `select c.application_id, c.secret_hash
         from application_credentials c join applications a on a.id = c.application_id
        where a.enabled and (c.expires_at is null or c.expires_at > now())`,
    );
  }

  /** Its id. */
  async insert(applicationId: string, secretHash: Buffer, db: Queryable = this.database): Promise<string> {
    const [row] = await db.query<{ id: string }>(
      `insert into application_credentials (id, application_id, secret_hash, created_at)
       values (gen_random_uuid(), $1, $2, now()) returning id`,
      [applicationId, secretHash],
    );
    return row!.id;
  }

  /** Lets all secrets of an application run out in `seconds`; those that run out sooner still do. */
  async runOut(tx: Transaction, applicationId: string, seconds: number): Promise<void> {
    await tx.query(
      `update application_credentials
          set expires_at = least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => $2))
        where application_id = $1`,
      [applicationId, seconds],
    );
  }

  /** Ends one at once; false where the application has none of this id in use. */
  async end(tx: Transaction, applicationId: string, secretId: string): Promise<boolean> {
    const rows = await tx.query(
      `update application_credentials set expires_at = now()
        where application_id = $1 and id = $2 and (expires_at is null or expires_at > now()) returning id`,
      [applicationId, secretId],
    );
    return rows.length > 0;
  }

  /** Ends all of all applications at once: which. */
  endAll(tx: Transaction): Promise<{ id: string; applicationId: string }[]> {
    return tx.query(
      `update application_credentials set expires_at = now()
        where expires_at is null or expires_at > now() returning id, application_id as "applicationId"`,
    );
  }

  /** Deletes those that ran out more than a month ago: until then a look at the table tells of them. */
  async purge(tx: Transaction, applicationId: string): Promise<void> {
    await tx.query(
      `delete from application_credentials where application_id = $1 and expires_at < now() - interval '30 days'`,
      [applicationId],
    );
  }
}
