import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happened to whom, by whom and from where: written in the transaction of what it tells, only ever added to. */
export class CreateAuditEvents1795305600006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_events (
        id bigint generated always as identity constraint audit_events_pkey primary key,
        type text not null,
        user_id uuid,
        actor text not null,
        session_id uuid,
        application_id text,
        ip inet,
        user_agent text,
        reason text,
        details jsonb not null,
        created_at timestamptz not null
      );
      create index audit_events_user_id_idx on audit_events (user_id, id)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table audit_events`);
  }
}
