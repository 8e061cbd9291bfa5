import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What operators look for among millions: accounts by the beginning of an address, by role (few have any; that also finds
 * the administrators) and by a status other than active; audit rows by time, by type and by who did it.
 */
export class IndexForOperators1795305600009 implements MigrationInterface {
  /** CONCURRENTLY: nobody who writes has to wait. */
  transaction = false as const;

  async up(runner: QueryRunner): Promise<void> {
    for (const [name, definition] of INDEXES) {
      // One that an attempt before this left unfinished is there, and useless.
      await runner.query(`drop index concurrently if exists ${name}`);
      await runner.query(`create index concurrently ${name} on ${definition}`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name] of INDEXES) await runner.query(`drop index concurrently if exists ${name}`);
  }
}

const INDEXES = [
  ['users_email_prefix_idx', 'users (email collate "C")'],
  ['users_roles_idx', `users using gin (roles) where roles <> '{}'`],
  ['users_status_idx', `users (status, id) where status <> 'active'`],
  ['audit_events_created_at_idx', 'audit_events (created_at, id)'],
  ['audit_events_type_idx', 'audit_events (type, created_at, id)'],
  ['audit_events_actor_idx', 'audit_events (actor, created_at, id)'],
] as const;
