import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The running instances and how far each has read the log of revocations. A row goes at a clean stop, else it is purged an hour after its instance was last seen. */
export class CreateInstances1795305600007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table instances (
        id uuid not null constraint instances_pkey primary key,
        name text not null,
        version text not null,
        refresh_keys jsonb not null,
        epoch uuid,
        seq bigint,
        confirmed_at timestamptz,
        started_at timestamptz not null,
        seen_at timestamptz not null,
        constraint instances_cursor_check check ((epoch is null) = (seq is null) and (epoch is null) = (confirmed_at is null))
      ) with (fillfactor = 50)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table instances`);
  }
}
