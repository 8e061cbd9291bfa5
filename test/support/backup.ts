import pg from 'pg';
import type { TestDatabase } from './create-database.js';

export interface Backup {
  /** Makes every table what it was when the backup was taken, and then what `later` says: at one moment for all. */
  restore(later?: string): Promise<void>;
}

/** Copies every table of the service. */
export async function takeBackup(db: TestDatabase): Promise<Backup> {
  const tables = (
    await db.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public'`)
  ).map(({ name }) => name);
  const schema = `backup_${Date.now().toString(36)}`;
  await inTransaction(db, 'repeatable read', [
    `create schema ${schema}`,
    ...tables.map((name) => `create table ${schema}.${name} as table public.${name}`),
  ]);
  return {
    restore: (later = 'select 1') =>
      inTransaction(db, 'read committed', [
        // Rows come in whatever order; the backup was consistent.
        'set local session_replication_role = replica',
        `truncate ${tables.map((name) => `public.${name}`).join(', ')}`,
        ...tables.map((name) => `insert into public.${name} overriding system value table ${schema}.${name}`),
        later,
      ]),
  };
}

async function inTransaction(db: TestDatabase, level: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  try {
    await client.query(`begin isolation level ${level}`);
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
  } finally {
    await client.end();
  }
}
