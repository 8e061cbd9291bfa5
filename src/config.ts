import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from './config/config-error.js';
import { isProduction, readValues, type Environment } from './config/read-values.js';
import { checkRules } from './config/rules.js';
import type { RefreshTokenKey } from './config/secret-keys.js';
import {
  databaseVariables,
  variables,
  type DatabaseVariableName,
  type Values,
  type VariableName,
} from './config/variables.js';

export { ConfigError, type ConfigFault } from './config/config-error.js';
export type { Environment } from './config/read-values.js';
export type { RefreshTokenKey } from './config/secret-keys.js';
export { describeVariables, type VariableDescription } from './config/variables.js';

/** What development can make by itself when it is not given. */
export interface Provided {
  databaseUrl: string;
  keyEncryptionKey: Buffer;
  refreshTokenKeys: RefreshTokenKey[];
}

/** Where the data are: all that migrations and commands on the database need to know. */
export interface DatabaseSettings {
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  readonly databaseCaFile?: string;
  readonly migrationDatabaseUrl?: string;
}

const secretFields = new Set([
  'databaseUrl',
  'migrationDatabaseUrl',
  'keyEncryptionKey',
  'keyEncryptionKeyPrevious',
  'refreshTokenKeys',
]);

/** The configuration of a running service; the only way to it for every module. Durations are in seconds. */
export class Config implements DatabaseSettings {
  readonly production: boolean;
  /**
   * Whether this process does work by itself: follows the deny-list, keeps the keys, purges, says that it runs. A command
   * does not; it does one thing and ends.
   */
  readonly background: boolean;
  readonly port: number;
  readonly host: string;
  /** Undefined: no metrics. */
  readonly metricsPort?: number;
  /** An origin, without a slash at its end. */
  readonly publicUrl: string;
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  readonly databaseCaFile?: string;
  readonly migrationDatabaseUrl?: string;
  readonly migrateOnStart: boolean;
  /** An absolute path. */
  readonly dataDir: string;
  /** 32 bytes. */
  readonly keyEncryptionKey: Buffer;
  /** 32 bytes; opens what it sealed, and seals nothing. */
  readonly keyEncryptionKeyPrevious?: Buffer;
  readonly signingAlgorithm: Values['SIGNING_ALGORITHM'];
  readonly keyRotation: number;
  /** Never empty; the first signs, all verify. */
  readonly refreshTokenKeys: RefreshTokenKey[];
  readonly accessTokenTtl: number;
  readonly refreshGrace: number;
  readonly sessionIdle: number;
  readonly sessionMax: number;
  readonly sessionIdleRemembered: number;
  readonly sessionMaxRemembered: number;
  readonly sessionsPerUser: number;
  readonly recentAuthMaxAge: number;
  readonly sessionRetention: number;
  readonly auditRetention: number;
  readonly revocationMaxStaleness: number;
  readonly revocationListen: boolean;
  /** Origins as browsers write them; that of `publicUrl` is not repeated here. */
  readonly corsOrigins: string[];
  /** Whether attempts to sign in are limited. */
  readonly rateLimits: boolean;
  /** As Fastify takes it. */
  readonly trustProxy: boolean | string;
  readonly shutdownDelay: number;
  readonly logLevel: Values['LOG_LEVEL'];

  constructor(settings: Settings, provided: Provided, background = true) {
    const { values } = settings;
    this.background = background;
    this.production = settings.production;
    this.port = values.PORT;
    this.host = values.HOST;
    this.publicUrl = values.PUBLIC_URL ?? `http://localhost:${values.PORT}`;
    if (values.METRICS_PORT !== undefined) this.metricsPort = values.METRICS_PORT;
    this.databaseUrl = provided.databaseUrl;
    this.databasePoolSize = values.DATABASE_POOL_SIZE;
    if (values.DATABASE_CA_FILE !== undefined) this.databaseCaFile = values.DATABASE_CA_FILE;
    if (values.MIGRATION_DATABASE_URL !== undefined) this.migrationDatabaseUrl = values.MIGRATION_DATABASE_URL;
    this.migrateOnStart = values.MIGRATE_ON_START;
    this.dataDir = settings.dataDir;
    this.keyEncryptionKey = provided.keyEncryptionKey;
    if (values.KEY_ENCRYPTION_KEY_PREVIOUS) this.keyEncryptionKeyPrevious = values.KEY_ENCRYPTION_KEY_PREVIOUS;
    this.signingAlgorithm = values.SIGNING_ALGORITHM;
    this.keyRotation = values.KEY_ROTATION;
    this.refreshTokenKeys = provided.refreshTokenKeys;
    this.accessTokenTtl = values.ACCESS_TOKEN_TTL;
    this.refreshGrace = values.REFRESH_GRACE;
    this.sessionIdle = values.SESSION_IDLE;
    this.sessionMax = values.SESSION_MAX;
    this.sessionIdleRemembered = values.SESSION_IDLE_REMEMBERED;
    this.sessionMaxRemembered = values.SESSION_MAX_REMEMBERED;
    this.sessionsPerUser = values.SESSIONS_PER_USER;
    this.recentAuthMaxAge = values.RECENT_AUTH_MAX_AGE;
    this.sessionRetention = values.SESSION_RETENTION;
    this.auditRetention = values.AUDIT_RETENTION;
    this.revocationMaxStaleness = values.REVOCATION_MAX_STALENESS;
    this.revocationListen = values.REVOCATION_LISTEN;
    this.corsOrigins = (values.CORS_ORIGINS ?? []).filter((origin) => origin !== this.publicUrl);
    this.rateLimits = values.RATE_LIMITS === 'on';
    this.trustProxy = values.TRUST_PROXY;
    this.shutdownDelay = values.SHUTDOWN_DELAY;
    this.logLevel = values.LOG_LEVEL;
  }

  /** Logs and stack dumps see that a secret is set, never which. */
  toJSON(): Record<string, unknown> {
    const shown = Object.entries(this).map(([name, value]) => [name, secretFields.has(name) ? '[secret]' : value]);
    return Object.fromEntries(shown);
  }

  [inspect.custom](): Record<string, unknown> {
    return this.toJSON();
  }
}

/** The environment, read and checked. What development makes by itself may still be absent. */
export interface Settings<Name extends VariableName = VariableName> {
  readonly production: boolean;
  /** An absolute path. */
  readonly dataDir: string;
  /** False when it is the usual one. */
  readonly dataDirGiven: boolean;
  readonly values: Values<Name>;
}

/** Reads and checks every variable. Throws a ConfigError with all faults. */
export function readSettings(env: Environment): Settings {
  return read(env, Object.keys(variables) as VariableName[]);
}

/** Reads and checks only the variables of the database, for commands that need no other secret. Throws as above. */
export function readStoreSettings(env: Environment): Settings<DatabaseVariableName> {
  return read(env, Object.keys(databaseVariables) as DatabaseVariableName[]);
}

/** The configuration of an environment that leaves nothing to be made. Throws a ConfigError with all faults. */
export function loadConfig(env: Environment): Config {
  const settings = readSettings(env);
  const { DATABASE_URL, KEY_ENCRYPTION_KEY, REFRESH_TOKEN_KEYS } = settings.values;
  if (DATABASE_URL === undefined || !KEY_ENCRYPTION_KEY || !REFRESH_TOKEN_KEYS) throw missing(settings);
  return new Config(settings, {
    databaseUrl: DATABASE_URL,
    keyEncryptionKey: KEY_ENCRYPTION_KEY,
    refreshTokenKeys: REFRESH_TOKEN_KEYS,
  });
}

function missing({ values }: Settings): ConfigError {
  const names = (['DATABASE_URL', 'KEY_ENCRYPTION_KEY', 'REFRESH_TOKEN_KEYS'] as const).filter((name) => !values[name]);
  return new ConfigError(
    names.map((variable) => ({ variable, problem: `is missing. ${variables[variable].meaning}` })),
  );
}

function read<Name extends VariableName>(env: Environment, names: readonly Name[]): Settings<Name> {
  const production = isProduction(env);
  const { values, faults } = readValues(env, names);
  faults.push(...checkRules(values as Partial<Values>, production));
  if (faults.length > 0) throw new ConfigError(faults);
  const dataDir = resolve((values as Partial<Values>).DATA_DIR ?? '.');
  return { production, values: values as Values<Name>, dataDir, dataDirGiven: Boolean(env.DATA_DIR?.trim()) };
}
