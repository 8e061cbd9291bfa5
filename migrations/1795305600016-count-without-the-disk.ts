import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Counts of attempts are written before each look at a password, and need not wait for the disk as a revocation must: a
 * crash of the database takes the last half second of them back. It is a trigger, as the statements are a library's.
 */
export class CountWithoutTheDisk1795305600016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function rate_limits_commit_early() returns trigger language plpgsql as $$
      begin
        -- For this transaction, which is one statement: its commit still sees it.
        perform set_config('synchronous_commit', 'off', true);
        return null;
      end
      $$;
      create trigger rate_limits_commit_early before insert or update on rate_limits
        for each statement execute function rate_limits_commit_early()
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger rate_limits_commit_early on rate_limits;
      drop function rate_limits_commit_early()
    `);
  }
}
