import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts. A row outlives its deletion, emptied of what is personal, so that an id is never given to another person. */
export class CreateUsers1795305600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table users (
        id uuid not null constraint users_pkey primary key,
        email text constraint users_email_key unique,
        name text,
        password_hash text,
        status text not null,
        roles text[] not null,
        token_version bigint not null,
        sessions_floor bigint not null,
        sessions_floor_reason text,
        email_verified_at timestamptz,
        password_changed_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        deleted_at timestamptz,
        constraint users_status_check check (status in ('active', 'suspended', 'deleted')),
        constraint users_floor_check check (sessions_floor <= token_version),
        constraint users_deleted_check check (
          case when status = 'deleted'
            then email is null and name is null and password_hash is null and deleted_at is not null
            else email is not null and deleted_at is null
          end
        )
      )
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table users`);
  }
}
