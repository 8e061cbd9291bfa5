import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource, MigrationExecutor } from 'typeorm';
import type { DatabaseSettings } from '../config.js';
import { asOwner, connectionOptions, migrationDataSourceOptions, type DataSourceExtras } from './data-source.js';
import { loadMigrations, type MigrationClass } from './source-files.js';
import { hasCode } from './write-once.js';

/** Any number will do that nobody else uses in this database. */
const MIGRATION_LOCK = 7_078_338;
const LOCK_POLL_MS = 200;
/** PostgreSQL's lock_not_available: a statement waited longer than `lock_timeout`. */
const LOCK_TIMED_OUT = '55P03';
/** With two seconds of waiting and one of traffic between, about a minute of other people's long transactions. */
const MOST_LOCK_FAILURES = 20;
const PAUSE_AFTER_LOCK_FAILURE_MS = 1_000;

/** A migration this version of the service knows. */
export interface MigrationState {
  name: string;
  applied: boolean;
}

/** Anything that runs a statement and returns rows: a DataSource, the Database of the service. */
interface Queryable {
  query(sql: string): Promise<unknown>;
}

/**
 * Applies pending migrations, each in a transaction of its own unless it says `transaction = false`. Of many that
 * start at the same time one applies them and the others wait for it.
 *
 * @returns the names of those applied by this call, oldest first
 */
export function applyMigrations(settings: DatabaseSettings, extras: DataSourceExtras = {}): Promise<string[]> {
  return alone(settings, () =>
    withDataSource(settings, extras, async (dataSource) => {
      const applied: string[] = [];
      await patiently(async () => {
        const before = await listMigrations(dataSource, extras);
        await executorOf(dataSource).executePendingMigrations();
        applied.push(...before.filter((migration) => !migration.applied).map(({ name }) => name));
      });
      return applied;
    }),
  );
}

/** Undoes the migration applied last. Returns its name; undefined when none is applied. */
export function revertLastMigration(
  settings: DatabaseSettings,
  extras: DataSourceExtras = {},
): Promise<string | undefined> {
  return alone(settings, () =>
    withDataSource(settings, extras, async (dataSource) => {
      const executor = executorOf(dataSource);
      const [last] = await executor.getExecutedMigrations();
      if (!last) return undefined;
      const migration = dataSource.migrations.find((known) => (known.name ?? known.constructor.name) === last.name);
      // TypeORM heeds the wish of a migration to run outside a transaction on the way up only.
      if (migration?.transaction === false) executor.transaction = 'none';
      await patiently(() => executor.undoLastMigration());
      return last.name;
    }),
  );
}

/** Every migration of this version, oldest first, and whether the database has it. */
export async function listMigrations(database: Queryable, extras: DataSourceExtras = {}): Promise<MigrationState[]> {
  const names = [...(await loadMigrations()), ...(extras.migrations ?? [])].map(nameOf);
  const applied = await listApplied(database);
  return names.map((name) => ({ name, applied: applied.has(name) }));
}

/** The names of the migrations the database lacks; while there are any, the service is not ready. */
export async function pendingMigrations(database: Queryable, extras: DataSourceExtras = {}): Promise<string[]> {
  return (await listMigrations(database, extras)).filter(({ applied }) => !applied).map(({ name }) => name);
}

/** The statements that would make the tables what the entities say; none when both agree. */
export function findDrift(settings: DatabaseSettings, extras: DataSourceExtras = {}): Promise<string[]> {
  return withDataSource(settings, extras, async (dataSource) => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  });
}

/** Opens the database as the owner of the tables for one piece of work. */
export async function withDataSource<T>(
  settings: DatabaseSettings,
  extras: DataSourceExtras,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const dataSource = await new DataSource(await migrationDataSourceOptions(settings, extras)).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

function executorOf(dataSource: DataSource): MigrationExecutor {
  const executor = new MigrationExecutor(dataSource);
  executor.transaction = 'each';
  return executor;
}

/**
 * Holds the advisory lock while the work is done. It belongs to an open transaction, so it also holds behind a pooler
 * that hands out connections by transaction. Who waits asks again and again, for a waiting statement would be waited
 * for by CREATE INDEX CONCURRENTLY in the migration of the one who works.
 */
async function alone<T>(settings: DatabaseSettings, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...connectionOptions(asOwner(settings)), application_name: 'portcullis-migrations' });
  let lost: Error | undefined;
  client.on('error', (error) => (lost = error));
  await client.connect();
  try {
    while (!(await tryLock(client))) await sleep(LOCK_POLL_MS);
    const result = await work();
    if (lost) throw lost;
    return result;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  await client.query('BEGIN');
  await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  // Without parameters: a portal with some would keep its snapshot, for which CREATE INDEX CONCURRENTLY waits too.
  const { rows } = await client.query(`SELECT pg_try_advisory_xact_lock(${MIGRATION_LOCK}) AS got`);
  if (!rows[0].got) await client.query('ROLLBACK');
  return rows[0].got;
}

/** Tries again when a lock on a table could not be had: traffic goes first, and gets through in between. */
async function patiently(work: () => Promise<unknown>): Promise<void> {
  for (let failures = 0; ; failures += 1) {
    try {
      await work();
      return;
    } catch (cause) {
      if (!hasCode(cause, LOCK_TIMED_OUT) || failures === MOST_LOCK_FAILURES) throw cause;
      await sleep(PAUSE_AFTER_LOCK_FAILURE_MS);
    }
  }
}

async function listApplied(database: Queryable): Promise<Set<string>> {
  const [table] = (await database.query(`SELECT to_regclass('migrations') IS NOT NULL AS "exists"`)) as {
    exists: boolean;
  }[];
  if (!table?.exists) return new Set();
  const rows = (await database.query('SELECT name FROM migrations')) as { name: string }[];
  return new Set(rows.map(({ name }) => name));
}

/** TypeORM takes the name a migration gives itself, else that of its class. */
function nameOf(migration: MigrationClass): string {
  return new migration().name ?? migration.name;
}
