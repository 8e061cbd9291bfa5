import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The applications that share this server, and the built-in one, which every account page and route of the service uses. */
export class CreateApplications1795305600002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table applications (
        id text not null constraint applications_pkey primary key,
        audience text not null constraint applications_audience_key unique,
        origins text[] not null,
        token_version bigint not null,
        sessions_floor bigint not null,
        enabled boolean not null,
        created_at timestamptz not null,
        constraint applications_id_check check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        constraint applications_floor_check check (sessions_floor <= token_version)
      );
      insert into applications (id, audience, origins, token_version, sessions_floor, enabled, created_at)
      values ('account', 'account', '{}', 0, 0, true, now())
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table applications`);
  }
}
