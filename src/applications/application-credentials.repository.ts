import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

@Injectable()
export class ApplicationCredentialsRepository {
  constructor(private readonly database: Database) {}

  /** Those in use, by the database's time. */
  list(): Promise<{ application_id: string; secret_hash: Buffer }[]> {
    return this.database.query(
      `select application_id, secret_hash from application_credentials where expires_at is null or expires_at > now()`,
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
