import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How many attempts were made of late, for each account and source: the table that rate-limiter-flexible works on, with
 * its names and types. A row goes once its window is over.
 */
export class CreateRateLimits1795305600008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table rate_limits (
        key varchar(255) not null constraint rate_limits_pkey primary key,
        points integer not null,
        expire bigint not null
      ) with (fillfactor = 70);
      create index rate_limits_expire_idx on rate_limits (expire)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table rate_limits`);
  }
}
