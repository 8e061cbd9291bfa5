import { createVerifier, type Verifier } from '@portcullis/verifier';
import { randomBytes } from 'node:crypto';
import { hashClientSecret, newClientSecret } from '../../../src/applications/client-secret.js';
import { applyMigrations } from '../../../src/database/migrator.js';
import { poll } from '../../support/poll.js';
import { startProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { startFront } from './front.js';
import { Instance } from './instance.js';
import { Operator } from './operator.js';
import { OwnPostgres } from './own-postgres.js';
import { APPLICATIONS, GRACE, INSTANCES, PUBLIC_URL, STALENESS } from './settings.js';

/** What the followers do when they do not know what is revoked. */
const FOLLOWERS = ['reject', 'introspect'] as const;

/** Three instances, each with its own way to one database. */
export interface Fleet {
  postgres: OwnPostgres;
  instances: Instance[];
  /** The way of each to the database. */
  ways: TcpProxy[];
  /** Applications that verify tokens by themselves, and follow what is revoked by way of a balancer. */
  followers: Verifier[];
  operator: Operator;
  /** From now on all instances are led to this server; the other one has ended. */
  replaceDatabase(server: OwnPostgres): void;
  /** Until every instance is ready, and every follower. */
  settled(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startFleet(env: Record<string, string> = {}): Promise<Fleet> {
  const postgres = await OwnPostgres.create();
  await applyMigrations({ databaseUrl: postgres.url(), databasePoolSize: 2 });
  await addApplications(postgres);
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
  const front = await startFront(instances);
  const followers = await follow(postgres, front.url);
  const fleet: Fleet = {
    postgres,
    instances,
    ways,
    followers,
    operator: new Operator(instances, () => fleet.postgres),
    replaceDatabase: (server) => {
      fleet.postgres = server;
      for (const way of ways) way.aim(server.port);
    },
    settled: (seconds) =>
      poll(async () => {
        const ready = await Promise.all(instances.map((instance) => instance.ready()));
        return ready.every(Boolean) && followers.every(({ status }) => status.fresh);
      }, seconds),
    stop: async () => {
      followers.forEach((follower) => follower.close());
      await front.close();
      await Promise.all(instances.map((instance) => instance.end('SIGKILL')));
      await Promise.all(ways.map((way) => way.close()));
      await fleet.postgres.remove();
    },
  };
  return fleet;
}

/** Before any instance starts, so that all of them know them from the start. */
async function addApplications(postgres: OwnPostgres): Promise<void> {
  await postgres.query(
    `insert into applications (id, audience, origins, token_version, sessions_floor, enabled, created_at)
     select id, id, '{}', 0, 0, true, now() from unnest($1::text[]) as id on conflict do nothing`,
    [APPLICATIONS],
  );
}

async function follow(postgres: OwnPostgres, url: string): Promise<Verifier[]> {
  const secret = newClientSecret();
  await postgres.query(
    `insert into application_credentials (id, application_id, secret_hash, created_at)
     values (gen_random_uuid(), 'account', $1, now())`,
    [hashClientSecret(secret)],
  );
  return FOLLOWERS.map((onStale) =>
    createVerifier({
      issuer: PUBLIC_URL,
      audience: 'account',
      credentials: { id: 'account', secret },
      feed: `${url}/v1/revocations`,
      maxStaleness: STALENESS,
      // Operators here withdraw keys as often as they change them in a decade.
      refetchInterval: 1,
      onStale,
    }),
  );
}
