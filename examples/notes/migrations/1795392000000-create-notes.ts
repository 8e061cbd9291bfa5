import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Notes, and who may keep more of them than usual. Rows go when their person deletes the account. */
export class CreateNotes1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notes (
        id uuid not null constraint notes_pkey primary key,
        user_id uuid not null constraint notes_user_id_fkey references users (id),
        text text not null,
        created_at timestamptz not null
      );
      create index notes_user_id_idx on notes (user_id, created_at);
      create table note_limits (
        user_id uuid not null constraint note_limits_pkey primary key
          constraint note_limits_user_id_fkey references users (id),
        most integer not null
      )
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table note_limits; drop table notes`);
  }
}
