import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The deny-list and its change log in one, and its head. Rows are purged once no token they refuse can still be alive; those without an end stay. */
export class CreateRevocations1795305600004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table revocations (
        seq bigint not null constraint revocations_pkey primary key,
        id uuid not null,
        kind text not null,
        subject text not null,
        application_id text,
        min_version bigint,
        suspended boolean not null,
        reason text,
        actor text,
        created_at timestamptz not null,
        expires_at timestamptz,
        constraint revocations_kind_check check (kind in ('token', 'session', 'user', 'application', 'key'))
      );
      create index revocations_expires_at_idx on revocations (expires_at);
      create table revocation_head (
        single boolean not null constraint revocation_head_pkey primary key,
        epoch uuid not null,
        seq bigint not null,
        constraint revocation_head_single_check check (single)
      );
      insert into revocation_head (single, epoch, seq) values (true, gen_random_uuid(), 0);
      create table token_lives (
        seconds integer not null constraint token_lives_pkey primary key,
        last_used_at timestamptz not null
      )
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table token_lives; drop table revocation_head; drop table revocations`);
  }
}
