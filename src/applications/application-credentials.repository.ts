import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

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

  async insert(applicationId: string, secretHash: Buffer): Promise<void> {
    await this.database.query(
      `insert into application_credentials (id, application_id, secret_hash, created_at)
       values (gen_random_uuid(), $1, $2, now())`,
      [applicationId, secretHash],
    );
  }
}
