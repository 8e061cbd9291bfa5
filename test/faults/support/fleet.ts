import { randomBytes } from 'node:crypto';
import { applyMigrations } from '../../../src/database/migrator.js';
import { poll } from '../../support/poll.js';
import { startProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { Instance } from './instance.js';
import { OwnPostgres } from './own-postgres.js';

/** Where its pages are, as far as browsers know: cookies of plain http, which this machine alone may have. */
export const PUBLIC_URL = 'http://localhost:3000';

/** REVOCATION_MAX_STALENESS of the instances, in seconds: short, so that what is late is seen soon. */
export const STALENESS = 3;

/** REFRESH_GRACE, in seconds. */
export const GRACE = 10;

export const INSTANCES = 3;

/** Three instances, each with its own way to one database. */
export interface Fleet {
  postgres: OwnPostgres;
  instances: Instance[];
  /** The way of each to the database. */
  ways: TcpProxy[];
  /** From now on all instances are led to this server; the other one has ended. */
  replaceDatabase(server: OwnPostgres): void;
  /** Until every instance is ready. */
  settled(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startFleet(env: Record<string, string> = {}): Promise<Fleet> {
  const postgres = await OwnPostgres.create();
  await applyMigrations({ databaseUrl: postgres.url(), databasePoolSize: 2 });
  const ways = await Promise.all(Array.from({ length: INSTANCES }, () => startProxy(postgres.url())));
  const shared = {
    NODE_ENV: 'test',
    PORT: '0',
    PUBLIC_URL,
    LOG_LEVEL: 'warn',
    MIGRATE_ON_START: 'false',
    // Fewer connections than requests at once.
    DATABASE_POOL_SIZE: '4',
    // A few people here sign in as often as a whole town.
    RATE_LIMITS: 'off',
    REVOCATION_MAX_STALENESS: `${STALENESS}s`,
    REFRESH_GRACE: `${GRACE}s`,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    REFRESH_TOKEN_KEYS: `f1:${randomBytes(32).toString('base64')}`,
    ...env,
  };
  const instances = ways.map((way, number) => new Instance(number, { ...shared, DATABASE_URL: way.url }));
  await Promise.all(instances.map((instance) => instance.start()));
  const fleet: Fleet = {
    postgres,
    instances,
    ways,
    replaceDatabase: (server) => {
      fleet.postgres = server;
      for (const way of ways) way.aim(server.port);
    },
    settled: (seconds) =>
      poll(async () => (await Promise.all(instances.map((instance) => instance.ready()))).every(Boolean), seconds),
    stop: async () => {
      await Promise.all(instances.map((instance) => instance.end('SIGKILL')));
      await Promise.all(ways.map((way) => way.close()));
      await fleet.postgres.remove();
    },
  };
  return fleet;
}
