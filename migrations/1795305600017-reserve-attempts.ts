import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Attempts whose outcome is not known yet, beside those that failed: whoever finds every place of a limit taken by
 * others that may be right is told to wait for them, not for the end of the window.
 */
export class ReserveAttempts1795305600017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table rate_limits add column reserved integer not null default 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table rate_limits drop column reserved`);
  }
}
