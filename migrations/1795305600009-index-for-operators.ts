import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What operators look for among millions: accounts by the beginning of an address, by role (few have any; that also finds
 * the administrators) and by a status other than active; audit rows by time, by type and by who did it.
 */
export class IndexForOperators1795305600009 implements MigrationInterface {
  /** CONCURRENTLY: nobody who writes has to wait. */
  transaction = false as const;

  async up(runner: QueryRunner): Promise<void> {
    await waitingForAll(runner, async () => {
      for (const [name, definition] of INDEXES) {
        if (await isValid(runner, name)) continue;
        // One that an attempt before this left unfinished is there, and useless.
        await runner.query(`drop index concurrently if exists ${name}`);
        await runner.query(`create index concurrently ${name} on ${definition}`);
      }
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await waitingForAll(runner, async () => {
      for (const [name] of INDEXES) await runner.query(`drop index concurrently if exists ${name}`);
    });
  }
}

/**
 * CONCURRENTLY waits for every older transaction, a backup of an hour included, and counts that as waiting for a lock.
 * Nobody who writes waits behind it, so it may take its time: cut short, it would have to build the index anew.
 */
async function waitingForAll(runner: QueryRunner, work: () => Promise<void>): Promise<void> {
  await runner.query('set lock_timeout = 0');
  try {
    await work();
  } finally {
    await runner.query('reset lock_timeout');
  }
}

async function isValid(runner: QueryRunner, name: string): Promise<boolean> {
  const rows = await runner.query(`select from pg_index where indexrelid = to_regclass('${name}') and indisvalid`);
  return rows.length > 0;
}

const INDEXES = [
  ['users_email_prefix_idx', 'users (email collate "C")'],
  ['users_roles_idx', `users using gin (roles) where roles <> '{}'`],
  ['users_status_idx', `users (status, id) where status <> 'active'`],
  ['audit_events_created_at_idx', 'audit_events (created_at, id)'],
  ['audit_events_type_idx', 'audit_events (type, created_at, id)'],
  ['audit_events_actor_idx', 'audit_events (actor, created_at, id)'],
] as const;
