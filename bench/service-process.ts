/**
 * The service under measurement, in a process of its own: told what to do over IPC, so that the load is made elsewhere.
 * For another harness, which starts servers by itself, it takes PORT and DATABASE_URL and writes what its clients send
 * to TOKENS_OUT, a line each: `Authorization: Bearer …`, or refresh tokens with TOKENS=refresh.
 */
import { SchedulerRegistry } from '@nestjs/schedule';
import { RevocationIndex } from '@portcullis/verifier';
import { randomBytes, randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createApp } from '../src/app.js';
import { AppModule } from '../src/app.module.js';
import { loadConfig } from '../src/config.js';
import { ApplicationCredentials } from '../src/applications/application-credentials.service.js';
import { Database } from '../src/database/database.js';
import { applyMigrations } from '../src/database/migrator.js';
import { RevocationsPurgeJob } from '../src/revocation/revocations-purge.job.js';
import { RevocationLogRepository } from '../src/revocation/revocation-log.repository.js';
import { RevocationSync } from '../src/revocation/revocation-sync.js';
import { SessionsPurgeJob } from '../src/sessions/sessions-purge.job.js';
import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { SessionEndsService } from '../src/sessions/session-ends.service.js';
import { formatRefreshToken, hashSecret, newSecret } from '../src/sessions/refresh-token.js';
import { AccessTokensService } from '../src/tokens/access-tokens.service.js';
import { AccountAdministrationService } from '../src/users/account-administration.service.js';
import { AccountEvents } from '../src/users/account-events.js';
import { BenchModule } from './bench.module.js';
import { obey } from './bench-process.js';
import { Crowd } from './crowd.js';

const PUBLIC_URL = 'https://id.example.test';

const config = loadConfig({
  KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  REFRESH_TOKEN_KEYS: `bench:${randomBytes(32).toString('base64')}`,
  // Two that are to be instances of one service are given the same keys.
  ...process.env,
  PUBLIC_URL,
  LOG_LEVEL: 'silent',
  // What is measured comes from one source.
  RATE_LIMITS: 'off',
});
const statements = countStatements();
await applyMigrations(config);
const app = await createApp(config, { module: AppModule.register(config, { imports: [BenchModule] }) });
await app.listen(process.env.TOKENS_OUT ? config.port : 0, '127.0.0.1');
const database = app.get(Database, { strict: false });
const { port } = app.getHttpServer().address() as { port: number };

/** Rows inserted by one statement, which must end within the time limit of statements. */
const CHUNK = 100_000;
const crowd = new Crowd(app, config.refreshTokenKeys);
const ACT = { actor: 'operator:bench', reason: 'a measurement' };

const commands = {
  port: () => port,

  fill: (count: number) => crowd.fill(count),
  fingerprint: () => crowd.fingerprint(),
  signIn: (count: number) => crowd.signIn(count),

  suspend: async (userId: string) =>
    void (await app.get(AccountAdministrationService, { strict: false }).suspend(userId, ACT)),
  signOutEveryone: () => app.get(ApplicationSignOutService, { strict: false }).signOutEveryone(ACT),

  /** Microseconds of processor time since the process began. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  /** A secret for a back end of the built-in application. */
  secret: () => app.get(ApplicationCredentials, { strict: false }).create('account'),

  /** How many statements went to the database so far, whoever sent them. */
  statements: () => statements.count,

  /** Bytes that this process holds, after its garbage is gone. */
  memory: async () => {
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await sleep(50);
    }
    return process.memoryUsage().rss;
  },

  /** Puts live entries into the deny-list, as many sign-outs would. */
  deny: async (count: number) => {
    await database.query(
      `with head as (update revocation_head set seq = seq + $1 returning seq - $1 as last)
       insert into revocations (seq, id, kind, subject, suspended, reason, actor, created_at, expires_at)
       select last + n, gen_random_uuid(), 'session', gen_random_uuid(), false, 'bench', 'bench', now(),
              now() + interval '1 hour'
         from head, generate_series(1, $1) n`,
      [count],
    );
    const { index } = app.get(RevocationSync, { strict: false });
    // The poll finds them.
    while (index.size < count) await sleep(50);
    return index.size;
  },

  /** Reads the whole deny-list as an instance does that starts. */
  loadIndex: async () => {
    const index = new RevocationIndex();
    const log = app.get(RevocationLogRepository, { strict: false });
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    const start = performance.now();
    await log.load((entries) => entries.forEach((entry) => index.apply(entry)));
    const seconds = (performance.now() - start) / 1000;
    loop.disable();
    return { seconds, bytes: index.memoryBytes, longestWait: loop.max / 1e6 };
  },

  /** Access tokens of as many different sessions. */
  accessTokens: async (count: number) => {
    const tokens = app.get(AccessTokensService, { strict: false });
    const now = Date.now() / 1000;
    const issued = Array.from({ length: count }, () =>
      tokens.issue(
        {
          userId: randomUUID(),
          sessionId: randomUUID(),
          applicationId: 'account',
          audience: 'account',
          userVersion: Math.floor(now),
          applicationVersion: 0,
          roles: [],
          amr: ['pwd'],
          issuedAt: now,
          authenticatedAt: now,
          sessionExpiresAt: now + 86_400,
          life: 3_600,
        },
        {},
      ),
    );
    return issued.map(({ accessToken }) => accessToken);
  },

  /** People with one session each; their refresh tokens, and the hash of the secret that all of them share. */
  sessions: async (count: number) => {
    const secret = newSecret();
    const rows = await database.query<{ id: string }>(
      `with people as (
         insert into users (id, email, password_hash, status, roles, token_version, sessions_floor, created_at, updated_at)
         select gen_random_uuid(), gen_random_uuid() || '@example.com', 'none', 'active', '{}', 1, 1, now(), now()
           from generate_series(1, $1)
         returning id)
       insert into sessions (id, user_id, application_id, user_version, application_version, generation, secret_hash,
                             rotated_at, delivery, device, remembered, amr, authenticated_at, created_at,
                             last_active_at, expires_at)
       select gen_random_uuid(), id, 'account', 1, 0, 1, $2, now(), 'body', '{}', false, '{pwd}', now(), now(), now(),
              now() + interval '1 day'
         from people
       returning id`,
      [count, hashSecret(secret)],
    );
    await database.query('vacuum analyze sessions, users');
    const binding = { applicationId: 'account', delivery: 'body' } as const;
    const refreshTokens = rows.map(({ id }) =>
      formatRefreshToken({ sessionId: id, generation: 1, secret }, binding, config.refreshTokenKeys),
    );
    return { ids: rows.map(({ id }) => id), secretHash: hashSecret(secret).toString('hex'), refreshTokens };
  },

  /** Rows that a purge will delete: half of them of the deny-list, half of them sessions. No job runs by itself from now on. */
  leaveExpired: async (count: number) => {
    const scheduler = app.get(SchedulerRegistry, { strict: false });
    for (const name of scheduler.getCronJobs().keys()) scheduler.deleteCronJob(name);
    for (let left = count / 2; left > 0; left -= CHUNK) {
      const rows = Math.min(left, CHUNK);
      await database.query(
        `with head as (update revocation_head set seq = seq + $1 returning seq - $1 as last)
         insert into revocations (seq, id, kind, subject, suspended, reason, actor, created_at, expires_at)
         select last + n, gen_random_uuid(), 'session', gen_random_uuid(), false, 'bench', 'bench', now(),
                now() - make_interval(secs => 1000 * random())
           from head, generate_series(1, $1) n`,
        [rows],
      );
      await database.query(
        `insert into sessions (id, user_id, application_id, user_version, application_version, generation, secret_hash,
                               rotated_at, delivery, device, remembered, amr, authenticated_at, created_at,
                               last_active_at, expires_at, ended_at, end_reason)
         select gen_random_uuid(), user_id, 'account', 1, 0, 1, secret_hash, now(), 'body', '{}', false, '{pwd}', now(),
                now(), now(), now(), now() - interval '90 days' * (1 + random()), 'bench'
           from (select user_id, secret_hash from sessions limit 1) living, generate_series(1, $1::int)`,
        [rows],
      );
    }
    // As it is when rows died over months, not in the minute before.
    await database.query('vacuum analyze revocations');
    await database.query('vacuum analyze sessions');
    await database.query('checkpoint').catch(() => undefined);
  },

  /** Runs both purges to their end; the seconds that it took. */
  purge: async () => {
    const start = performance.now();
    await Promise.all([RevocationsPurgeJob, SessionsPurgeJob].map((job) => app.get(job, { strict: false }).run()));
    return (performance.now() - start) / 1000;
  },

  /** Rows that a purge has left. */
  countExpired: async () => {
    const [row] = await database.query<{ left: string }>(
      `select (select count(*) from revocations where expires_at < now())
            + (select count(*) from sessions where ended_at < now() - interval '60 days') as left`,
    );
    return Number(row?.left);
  },

  /** From now on each end of a session has a transaction of its own, as where a module hooks on it. */
  endEachAlone: () => app.get(AccountEvents, { strict: false }).on('sessionEnded', async () => undefined),

  /** Ends sessions, as many callers at a time as said; how many a second. */
  end: async ({ ids, callers }: { ids: string[]; callers: number }) => {
    const ends = app.get(SessionEndsService, { strict: false });
    const waiting = ids.values();
    const start = performance.now();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        for (const sessionId of waiting) {
          if (!(await ends.end({ sessionId, reason: 'bench', source: null }))) throw new Error('it had ended already');
        }
      }),
    );
    return ids.length / ((performance.now() - start) / 1000);
  },
};

function countStatements(): { count: number } {
  const counter = { count: 0 };
  const query = pg.Client.prototype.query as (...given: unknown[]) => unknown;
  pg.Client.prototype.query = function count(this: pg.Client, ...given: unknown[]) {
    counter.count++;
    return query.apply(this, given);
  } as typeof pg.Client.prototype.query;
  return counter;
}

export type Commands = typeof commands;

if (process.env.TOKENS_OUT) await serveOtherHarness(process.env.TOKENS_OUT);

async function serveOtherHarness(file: string): Promise<void> {
  await commands.deny(100_000);
  const lines =
    process.env.TOKENS === 'refresh'
      ? (await commands.sessions(2_000)).refreshTokens
      : (await commands.accessTokens(1_000)).map((token) => `Authorization: Bearer ${token}`);
  // In one step, as the harness takes the file's presence for readiness.
  writeFileSync(`${file}.part`, `${lines.join('\n')}\n`);
  renameSync(`${file}.part`, file);
}

obey(commands);
