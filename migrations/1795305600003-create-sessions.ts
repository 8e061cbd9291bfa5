import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row per device. Rows are purged SESSION_RETENTION after they ended or, if nobody ended them, after their absolute end. */
export class CreateSessions1795305600003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table sessions (
        id uuid not null constraint sessions_pkey primary key,
        user_id uuid not null constraint sessions_user_id_fkey references users (id),
        application_id text not null constraint sessions_application_id_fkey references applications (id),
        user_version bigint not null,
        application_version bigint not null,
        generation bigint not null,
        secret_hash bytea not null,
        previous_secret_hash bytea,
        rotated_at timestamptz not null,
        delivery text not null,
        name text,
        device jsonb not null,
        user_agent text,
        ip inet,
        remembered boolean not null,
        amr text[] not null,
        authenticated_at timestamptz not null,
        created_at timestamptz not null,
        last_active_at timestamptz not null,
        expires_at timestamptz not null,
        ended_at timestamptz,
        end_reason text,
        constraint sessions_delivery_check check (delivery in ('cookie', 'body')),
        constraint sessions_generation_check check (generation >= 1),
        constraint sessions_ended_check check ((ended_at is null) = (end_reason is null))
      ) with (fillfactor = 80);
      create index sessions_live_user_id_idx on sessions (user_id) where ended_at is null;
      create index sessions_dead_at_idx on sessions (coalesce(ended_at, expires_at))
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table sessions`);
  }
}
