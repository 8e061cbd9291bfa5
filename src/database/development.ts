import { Config, readSettings, readStoreSettings } from '../config.js';
import type { DatabaseSettings, Environment, Settings } from '../config.js';
import type { DatabaseVariableName } from '../config/variables.js';
import { chooseDataFolder } from './data-folder.js';
import { developmentSecrets } from './development-secrets.js';
import { openEmbeddedPostgres } from './embedded-postgres.js';

/** What a process works with, and how it lets go of what it started. */
export interface Opened<Value> {
  value: Value;
  /** Where the embedded PostgreSQL keeps its data; undefined when DATABASE_URL names another one. */
  embeddedIn?: string;
  /** Lets go of the embedded PostgreSQL: the last process that does so stops it. */
  close(): Promise<void>;
}

/**
 * The whole configuration. What development may leave out is made: a PostgreSQL, and secrets. `background`: false for a
 * command, which does nothing by itself.
 *
 * @throws ConfigError with everything that is wrong
 * @throws SetUpError when something cannot be made here
 */
export async function openConfig(env: Environment, background = true): Promise<Opened<Config>> {
  const settings = readSettings(env);
  const dataDir = dataFolderOf(settings);
  const secrets = await secretsOf(settings, dataDir);
  const database = await openDatabase(settings, dataDir);
  const config = new Config({ ...settings, dataDir }, { ...secrets, databaseUrl: database.value }, background);
  return { ...database, value: config };
}

/** Where the data are, for commands that work on nothing but the database and need no other secret. Throws as above. */
export async function openStore(env: Environment): Promise<Opened<DatabaseSettings>> {
  const settings = readStoreSettings(env);
  const database = await openDatabase(settings, dataFolderOf(settings));
  const { DATABASE_POOL_SIZE, DATABASE_CA_FILE, MIGRATION_DATABASE_URL } = settings.values;
  const value: DatabaseSettings = {
    databaseUrl: database.value,
    databasePoolSize: DATABASE_POOL_SIZE,
    ...(DATABASE_CA_FILE !== undefined && { databaseCaFile: DATABASE_CA_FILE }),
    ...(MIGRATION_DATABASE_URL !== undefined && { migrationDatabaseUrl: MIGRATION_DATABASE_URL }),
  };
  return { ...database, value };
}

function dataFolderOf({ dataDir, dataDirGiven, values }: Settings<DatabaseVariableName>): string {
  return dataDirGiven || values.DATABASE_URL !== undefined ? dataDir : chooseDataFolder(dataDir);
}

async function secretsOf({ values }: Settings, dataFolder: string) {
  const { KEY_ENCRYPTION_KEY: keyEncryptionKey, REFRESH_TOKEN_KEYS: refreshTokenKeys } = values;
  if (keyEncryptionKey && refreshTokenKeys) return { keyEncryptionKey, refreshTokenKeys };
  const made = await developmentSecrets(dataFolder);
  return {
    keyEncryptionKey: keyEncryptionKey ?? made.keyEncryptionKey,
    refreshTokenKeys: refreshTokenKeys ?? made.refreshTokenKeys,
  };
}

/** The address of the database: the given one, or that of the embedded PostgreSQL. */
async function openDatabase({ values }: Settings<DatabaseVariableName>, dataFolder: string): Promise<Opened<string>> {
  if (values.DATABASE_URL !== undefined) return { value: values.DATABASE_URL, close: async () => undefined };
  const { url, release } = await openEmbeddedPostgres(dataFolder);
  return { value: url, embeddedIn: dataFolder, close: release };
}
