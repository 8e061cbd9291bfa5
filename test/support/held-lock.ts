import pg from 'pg';
import type { TestDatabase } from './create-database.js';

export interface HeldLock {
  /** How many statements of the service wait for a lock at this moment. */
  waiting(): Promise<number>;
  /** Ends the connections that wait, as a crash of the server's process would. */
  killWaiting(): Promise<void>;
  release(): Promise<void>;
}

const WAITING = `from pg_stat_activity
  where datname = current_database() and application_name = 'portcullis' and wait_event_type = 'Lock'`;

/** Runs a statement in a transaction of its own and keeps its locks until they are released. */
export async function holdLock(db: TestDatabase, sql: string, parameters: unknown[] = []): Promise<HeldLock> {
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  await client.query('begin');
  await client.query(sql, parameters);
  return {
    waiting: async () => {
      const [row] = await db.query<{ count: string }>(`select count(*) ${WAITING}`);
      return Number(row?.count);
    },
    killWaiting: async () => {
      await db.query(`select pg_terminate_backend(pid) ${WAITING}`);
    },
    release: async () => {
      await client.query('rollback');
      await client.end();
    },
  };
}

/** The row of one session, as an update or another locking read would hold it. */
export function holdSession(db: TestDatabase, sessionId: string): Promise<HeldLock> {
  return holdLock(db, 'select 1 from sessions where id = $1 for update', [sessionId]);
}
