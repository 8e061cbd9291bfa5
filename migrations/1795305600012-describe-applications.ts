import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What an operator says of an application: how its front ends get their tokens, how long its sessions and tokens live
 * (null: as configured), and what its back end may do besides following the deny-list. The built-in one has all of it
 * from the configuration.
 */
export class DescribeApplications1795305600012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table applications
        add column name text,
        add column delivery text[] not null default '{cookie,body}',
        add column access_token_ttl integer,
        add column session_idle integer,
        add column session_max integer,
        add column session_idle_remembered integer,
        add column session_max_remembered integer,
        add column permissions text[] not null default '{}',
        -- Its cookies are portcullis-<id>, portcullis-access-<id> and portcullis-csrf-<id>: none may be another's.
        add constraint applications_cookie_name_check check (id !~ '^(access|csrf)-'),
        add constraint applications_delivery_check
          check (delivery <@ '{cookie,body}'::text[] and cardinality(delivery) > 0),
        add constraint applications_access_token_ttl_check check (access_token_ttl between 1 and 3600),
        add constraint applications_limits_check
          check (least(session_idle, session_max, session_idle_remembered, session_max_remembered) > 0),
        add constraint applications_built_in_check
          check (id <> 'account' or num_nonnulls(access_token_ttl, session_idle, session_max, session_idle_remembered,
                                                 session_max_remembered) = 0)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table applications
        drop constraint applications_cookie_name_check,
        drop column permissions,
        drop column session_max_remembered,
        drop column session_idle_remembered,
        drop column session_max,
        drop column session_idle,
        drop column access_token_ttl,
        drop column delivery,
        drop column name
    `);
  }
}
