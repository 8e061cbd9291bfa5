import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { IndexForOperators1795305600009 } from '../migrations/1795305600009-index-for-operators.js';
import { createTestDatabase, type TestDatabase } from './support/create-database.js';
import { poll } from './support/poll.js';

/** The indexes for operators are built beside traffic and backups, on a connection that waits for no lock for long. */
const migration = new IndexForOperators1795305600009();
const LOCK_TIMEOUT_MS = 100;
let db: TestDatabase;
let client: pg.Client;
let runner: QueryRunner;

beforeEach(async () => {
  db = await createTestDatabase();
  client = new pg.Client({ connectionString: db.url, lock_timeout: LOCK_TIMEOUT_MS, application_name: 'migrating' });
  await client.connect();
  runner = { query: async (sql: string) => (await client.query(sql)).rows } as QueryRunner;
});
afterEach(async () => {
  await client.end();
  await db.drop();
});

async function listIndexes(): Promise<Map<string, { oid: number; valid: boolean }>> {
  const rows = await db.query<{ name: string; oid: number; valid: boolean }>(
    `select relname as name, oid, indisvalid as valid from pg_class join pg_index on indexrelid = oid
      where relname in ('users_email_prefix_idx', 'users_roles_idx', 'users_status_idx',
                        'audit_events_created_at_idx', 'audit_events_type_idx', 'audit_events_actor_idx')`,
  );
  return new Map(rows.map(({ name, ...rest }) => [name, rest]));
}

test('a build waits for a backup that runs, past the lock timeout, which holds again afterwards', async () => {
  await migration.down(runner);
  const backup = new pg.Client({ connectionString: db.url });
  await backup.connect();
  await backup.query('begin isolation level repeatable read');
  await backup.query('select');

  const building = migration.up(runner);
  const waiting = `select from pg_stat_activity where application_name = 'migrating' and wait_event = 'virtualxid'`;
  await Promise.race([building, poll(async () => (await db.query(waiting)).length === 1)]);
  await Promise.race([building, sleep(3 * LOCK_TIMEOUT_MS)]);
  await backup.query('commit');
  await backup.end();
  await building;

  expect([...(await listIndexes()).values()].map(({ valid }) => valid)).toEqual(Array(6).fill(true));
  expect(await runner.query('show lock_timeout')).toEqual([{ lock_timeout: `${LOCK_TIMEOUT_MS}ms` }]);
});

test('another attempt builds what is missing or was left unfinished, and nothing that is finished', async () => {
  const before = await listIndexes();
  await db.query(`update pg_index set indisvalid = false where indexrelid = 'users_status_idx'::regclass`);
  await db.query('drop index audit_events_actor_idx');

  await migration.up(runner);

  const after = await listIndexes();
  expect([...after.values()].every(({ valid }) => valid)).toBe(true);
  const rebuilt = [...after.keys()].filter((name) => after.get(name)!.oid !== before.get(name)?.oid);
  expect(rebuilt.toSorted()).toEqual(['audit_events_actor_idx', 'users_status_idx']);
});
