import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDatabase, dropDatabase } from './admin.js';

/** A database of one test file. */
export interface TestDatabase {
  url: string;
  /** How far its clock is ahead of the real one. Clocks of the service are to be moved by as much. */
  readonly shiftSeconds: number;
  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Moves the clock of the database: `now()`, `statement_timestamp()`, `clock_timestamp()`. Fractions are fine. */
  advance(seconds: number): Promise<void>;
  /** Ends every connection to it and deletes it. */
  drop(): Promise<void>;
}

/** A fresh database with every migration applied, and a clock of its own. */
export function createTestDatabase(): Promise<TestDatabase> {
  return create(environment('TEST_TEMPLATE'));
}

/** A fresh database with nothing in it, for tests of migrations. It has no clock of its own. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create();
}

async function create(template?: string): Promise<TestDatabase> {
  const adminUrl = environment('TEST_ADMIN_URL');
  const name = `portcullis_${randomBytes(6).toString('hex')}`;
  const url = await createDatabase(adminUrl, name, template);
  const pool = new pg.Pool({ connectionString: url, max: 4, allowExitOnIdle: true });
  // DROP DATABASE ends connections that the service left open.
  pool.on('error', () => undefined);
  let shiftSeconds = 0;
  return {
    url,
    get shiftSeconds() {
      return shiftSeconds;
    },
    query: async <Row>(sql: string, parameters?: unknown[]) => (await pool.query(sql, parameters)).rows as Row[],
    advance: async (seconds) => {
      shiftSeconds += seconds;
      await pool.query('UPDATE test_clock.clock SET shift = make_interval(secs => $1)', [shiftSeconds]);
    },
    drop: async () => {
      await pool.end();
      await dropDatabase(adminUrl, name);
    },
  };
}

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is missing: run the tests with Jest, whose global set-up makes it.`);
  return value;
}
