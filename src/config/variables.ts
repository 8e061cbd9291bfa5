import type { z } from 'zod';
import {
  boolean,
  duration,
  hostAddress,
  integer,
  LONGEST_SESSION,
  nonEmpty,
  oneOf,
  origin,
  origins,
  postgresUrl,
  trustProxy,
} from './formats.js';
import { refreshTokenKeys, secretKey } from './secret-keys.js';

/** What one environment variable means. The reference table of the documentation is made of this. */
interface Variable<Schema extends z.ZodType = z.ZodType> {
  schema: Schema;
  meaning: string;
  /** What is taken when the variable is absent, as it would be written. */
  fallback?: string;
  /** Differs from `fallback` under NODE_ENV=production. */
  productionFallback?: string;
  /** How to describe what happens without it, where no text could be written instead. */
  without?: string;
  /** Must be given under NODE_ENV=production. */
  neededInProduction?: true;
  /** May be given as the file NAME_FILE; is never printed. */
  secret?: true;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Where the data are. Commands that only work on the database read these and no other variable. */
export const databaseVariables = {
  DATABASE_URL: {
    schema: postgresUrl(),
    meaning: 'The PostgreSQL database (14 or later) of the service, as `postgres://user:password@host:5432/name`.',
    without: 'a PostgreSQL of its own in `DATA_DIR`',
    neededInProduction: true,
    secret: true,
  },
  DATABASE_POOL_SIZE: {
    schema: integer(2, 500),
    fallback: '10',
    meaning: 'The most connections one instance opens for requests.',
  },
  DATABASE_CA_FILE: {
    schema: nonEmpty('must be the path of a file.'),
    without: 'the authorities Node.js knows',
    meaning: 'A PEM file with the authority that signed the certificate of the database; asks for TLS.',
  },
  MIGRATION_DATABASE_URL: {
    schema: postgresUrl(),
    without: '`DATABASE_URL`',
    meaning:
      'The same database for migrations, as the role that owns the tables; the role of the service needs no DDL.',
    secret: true,
  },
  MIGRATE_ON_START: {
    schema: boolean(),
    fallback: 'true',
    productionFallback: 'false',
    meaning: 'Whether a starting instance applies pending migrations. If not, it is not ready until they are applied.',
  },
  DATA_DIR: {
    schema: nonEmpty('must be the path of a folder.'),
    fallback: '.data',
    meaning: 'Where development keeps its own PostgreSQL and its secrets.',
  },
} satisfies Record<string, Variable>;

export const variables = {
  PORT: {
    schema: integer(0, 65_535),
    fallback: '3000',
    meaning: 'The TCP port the service listens on; 0 takes any free one.',
  },
  HOST: {
    schema: hostAddress(),
    // A developer's laptop must not serve the café; in a container nobody would reach the loopback address.
    fallback: '127.0.0.1',
    productionFallback: '0.0.0.0',
    meaning: 'The address it listens on: `127.0.0.1` for this machine only, `0.0.0.0` for everyone.',
  },
  PUBLIC_URL: {
    schema: origin('https://id.example.com'),
    without: '`http://localhost:<PORT>`',
    meaning: 'The address people and applications reach it at; the issuer (`iss`) of every token.',
    neededInProduction: true,
  },
  METRICS_PORT: {
    schema: integer(0, 65_535),
    without: 'no metrics',
    meaning: 'The TCP port, at `HOST` too, of `/metrics` for Prometheus. Let only the monitoring reach it.',
  },
  ...databaseVariables,
  KEY_ENCRYPTION_KEY: {
    schema: secretKey(),
    without: 'one made in `DATA_DIR`',
    meaning: 'Encrypts the private signing keys at rest: 32 random bytes in base64.',
    neededInProduction: true,
    secret: true,
  },
  KEY_ENCRYPTION_KEY_PREVIOUS: {
    schema: secretKey(),
    without: 'none',
    meaning: 'A second one that opens signing keys too, while `KEY_ENCRYPTION_KEY` is being changed.',
    secret: true,
  },
  SIGNING_ALGORITHM: {
    schema: oneOf(['ES256', 'RS256']),
    fallback: 'ES256',
    meaning: 'What access tokens are signed with: ES256, or RS256 for verifiers that know nothing else.',
  },
  KEY_ROTATION: {
    // Below an hour, a key would retire before the tokens of the one before it have run out.
    schema: duration('1h', '3650d'),
    fallback: '90d',
    meaning: 'How long one key signs access tokens before the next one takes over, by itself and unnoticed.',
  },
  REFRESH_TOKEN_KEYS: {
    schema: refreshTokenKeys(),
    without: 'one made in `DATA_DIR`',
    meaning: 'Sign refresh tokens: `id:key` separated by commas, keys as above. The first signs, all verify.',
    neededInProduction: true,
    secret: true,
  },
  ACCESS_TOKEN_TTL: {
    schema: duration('1s', '1h'),
    fallback: '10m',
    meaning: 'How long an access token lives: an hour at most.',
  },
  REFRESH_GRACE: {
    schema: duration('0s', '60s'),
    fallback: '10s',
    meaning: 'How long the previous refresh token still gets the current one again, for answers lost on the way.',
  },
  SESSION_IDLE: {
    schema: duration('1m', LONGEST_SESSION),
    fallback: '12h',
    meaning: 'How long a session may lie unused.',
  },
  SESSION_MAX: {
    schema: duration('1m', LONGEST_SESSION),
    fallback: '24h',
    meaning: 'How long a session lasts at most, however much it is used.',
  },
  SESSION_IDLE_REMEMBERED: {
    schema: duration('1m', LONGEST_SESSION),
    fallback: '14d',
    meaning: 'As `SESSION_IDLE`, where the person asked to be remembered.',
  },
  SESSION_MAX_REMEMBERED: {
    schema: duration('1m', LONGEST_SESSION),
    fallback: '90d',
    meaning: 'As `SESSION_MAX`, where the person asked to be remembered.',
  },
  SESSIONS_PER_USER: {
    schema: integer(1, 10_000),
    fallback: '50',
    meaning: 'The most devices one person is signed in on; one more ends the one longest unused. 1: only one device.',
  },
  RECENT_AUTH_MAX_AGE: {
    schema: duration('1m', LONGEST_SESSION),
    fallback: '1h',
    meaning: 'How long a proof of who one is counts as recent: for ending another device and deleting the account.',
  },
  SESSION_RETENTION: {
    schema: duration('1h', '3650d'),
    fallback: '30d',
    meaning: 'How long the row of an ended session is kept before the purge deletes it.',
  },
  AUDIT_RETENTION: {
    // The database keeps the last 90 days whatever this says.
    schema: duration('90d', '36500d'),
    fallback: '400d',
    meaning: 'How long a row of the audit is kept before the purge deletes it: 90 days at least.',
  },
  REVOCATION_MAX_STALENESS: {
    // The deny-list is read once a second: less than two seconds would refuse requests in health.
    schema: duration('2s', '1h'),
    fallback: '5s',
    meaning: 'How old the knowledge of revocations may be when a request is let through; the bound of the promise.',
  },
  REVOCATION_LISTEN: {
    schema: boolean(),
    fallback: 'true',
    meaning:
      'Whether other instances are heard of by LISTEN, in milliseconds. `false`, behind a pooler: by a look each second.',
  },
  RATE_LIMITS: {
    schema: oneOf(['on', 'off']),
    fallback: 'on',
    meaning: 'Limits on attempts to sign in, for each account and each source. `off` is for benchmarks only.',
  },
  CORS_ORIGINS: {
    schema: origins(),
    without: 'only `PUBLIC_URL`',
    meaning: 'The origins of your front ends, separated by commas. An application that you make has a list of its own.',
  },
  TRUST_PROXY: {
    schema: trustProxy(),
    fallback: 'false',
    meaning:
      'Whose `X-Forwarded-*` headers are believed: addresses of the proxies in front, such as `10.0.0.0/8,loopback`.',
  },
  SHUTDOWN_DELAY: {
    schema: duration('0s', '5m'),
    // Ctrl-C is to end it at once; a balancer has to notice first.
    fallback: '0s',
    productionFallback: '5s',
    meaning:
      'How long an instance told to stop goes on answering, though not ready, so that balancers turn away first.',
  },
  LOG_LEVEL: { schema: oneOf(logLevels), fallback: 'info', meaning: `How much is logged: ${logLevels.join(', ')}.` },
} satisfies Record<string, Variable>;

export type Variables = typeof variables;
export type VariableName = keyof Variables;
export type DatabaseVariableName = keyof typeof databaseVariables;

/** The value of each variable; undefined where it is absent and nothing is taken instead. */
export type Values<Name extends VariableName = VariableName> = {
  [N in Name]: z.output<Variables[N]['schema']> | (Variables[N] extends { fallback: string } ? never : undefined);
};

/** One row of the reference table. */
export interface VariableDescription {
  name: string;
  /** Markdown: what is taken when it is absent. */
  fallback: string;
  /** Markdown: one sentence or two. */
  meaning: string;
  secret: boolean;
}

/** Every variable of the service in the order of the reference table. */
export function describeVariables(): VariableDescription[] {
  return Object.entries<Variable>(variables).map(([name, variable]) => ({
    name,
    fallback: describeFallback(variable),
    meaning: variable.meaning,
    secret: variable.secret === true,
  }));
}

function describeFallback({ fallback, productionFallback, without = '', neededInProduction }: Variable): string {
  const usual = fallback === undefined ? without : `\`${fallback}\``;
  if (neededInProduction) return `${usual}; required in production`;
  return productionFallback === undefined ? usual : `${usual}; in production \`${productionFallback}\``;
}
