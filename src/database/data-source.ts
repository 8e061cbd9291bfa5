import { readFileSync } from 'node:fs';
import type { ClientConfig, PoolConfig } from 'pg';
import type { DataSourceOptions, Logger } from 'typeorm';
import type { DatabaseSettings } from '../config.js';
import { loadEntities, loadMigrations, type MigrationClass } from './source-files.js';

/** A request that cannot have a lock within two seconds is answered 503 and tried again, instead of piling up. */
const LOCK_TIMEOUT_MS = 2_000;
/** Longer than any statement of a request or a batch of the purge takes; ends what a lost client left running. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** The server ends the statement first; this one is for a server or a network that no longer answers at all. */
const QUERY_TIMEOUT_MS = 35_000;
/** Also the longest wait for a free connection of the pool. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A transaction that waits for its client holds locks, and keeps the vacuum from cleaning up. */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** A migration that cannot have its lock lets the traffic behind it through again, and is tried anew. */
const MIGRATION_LOCK_TIMEOUT_MS = 2_000;

/** What bounds each connection for requests, in milliseconds, by the names of PostgreSQL's settings. */
export const REQUEST_LIMITS: Readonly<Record<string, number>> = {
  lock_timeout: LOCK_TIMEOUT_MS,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
};

type PostgresDataSourceOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** What the entities and migrations of a test or an extension add to those of the service. */
export interface DataSourceExtras {
  entities?: (new () => object)[];
  migrations?: MigrationClass[];
}

/** What goes wrong is thrown; TypeORM would also print it, past the log of the service. */
const silence: Logger = {
  log: () => undefined,
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
};

/** How to reach the database, with verified TLS where an authority is given. For `pg` itself. */
export function connectionOptions({ databaseUrl, databaseCaFile }: DatabaseSettings): ClientConfig {
  if (databaseCaFile === undefined) return { connectionString: databaseUrl };
  // What the address says of TLS would overrule the authority.
  const url = new URL(databaseUrl);
  for (const name of ['sslmode', 'sslrootcert', 'ssl']) url.searchParams.delete(name);
  return { connectionString: url.href, ssl: { ca: readFileSync(databaseCaFile, 'utf8'), rejectUnauthorized: true } };
}

/** TypeORM's view of the database, for the service. */
export async function dataSourceOptions(
  settings: DatabaseSettings,
  extras: DataSourceExtras = {},
): Promise<PostgresDataSourceOptions> {
  return buildOptions(settings, extras, {
    application_name: 'portcullis',
    max: settings.databasePoolSize,
    ...REQUEST_LIMITS,
    query_timeout: QUERY_TIMEOUT_MS,
  });
}

/** TypeORM's view of the database, for migrations: as the owner of the tables, and with time to build an index. */
export async function migrationDataSourceOptions(
  settings: DatabaseSettings,
  extras: DataSourceExtras = {},
): Promise<PostgresDataSourceOptions> {
  return buildOptions(asOwner(settings), extras, {
    application_name: 'portcullis-migrations',
    max: 2,
    lock_timeout: MIGRATION_LOCK_TIMEOUT_MS,
  });
}

/** The same settings with the address of the role that owns the tables. */
export function asOwner(settings: DatabaseSettings): DatabaseSettings {
  return { ...settings, databaseUrl: settings.migrationDatabaseUrl ?? settings.databaseUrl };
}

async function buildOptions(
  settings: DatabaseSettings,
  extras: DataSourceExtras,
  pool: PoolConfig,
): Promise<PostgresDataSourceOptions> {
  const { connectionString, ...connection } = connectionOptions(settings);
  const shared: PoolConfig = { connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true };
  return {
    type: 'postgres',
    url: connectionString,
    entities: [...(await loadEntities()), ...(extras.entities ?? [])],
    migrations: [...(await loadMigrations()), ...(extras.migrations ?? [])],
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    // The role of the service may not create any, and none is needed.
    installExtensions: false,
    logger: silence,
    // A forgotten value in a condition must never widen it to every row.
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    extra: { ...connection, ...shared, ...pool },
  };
}
