import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Secrets of the back ends of applications, hashed: several of one at once, so that a new one is in use before the old one ends. Rows go with their application, or when they are rotated out. */
export class CreateApplicationCredentials1795305600011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table application_credentials (
        id uuid not null constraint application_credentials_pkey primary key,
        application_id text not null
          constraint application_credentials_application_id_fkey references applications (id) on delete cascade,
        secret_hash bytea not null,
        created_at timestamptz not null,
        expires_at timestamptz,
        constraint application_credentials_secret_hash_check check (length(secret_hash) = 32)
      );
      create index application_credentials_application_id_idx on application_credentials (application_id)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table application_credentials`);
  }
}
