import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SchedulerRegistry } from '@nestjs/schedule';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { createApp } from '../../src/app.js';
import { AppModule, type AppExtras } from '../../src/app.module.js';
import { Clock } from '../../src/common/clock.js';
import { loadConfig, type Config } from '../../src/config.js';
import { createTestDatabase, type TestDatabase } from './create-database.js';

/** Where the service under test says it lives; pages of this origin may use its cookies. */
export const PUBLIC_URL = 'https://id.example.test';

/** A clock that tests step; it moves with the database's. */
class TestClock extends Clock {
  shiftMs = 0;

  override now(): number {
    return super.now() + this.shiftMs;
  }
}

export interface ServiceOptions {
  /** Environment variables besides those every test needs. */
  env?: Record<string, string>;
  /** Of another instance, to share its database. */
  besides?: Service;
  extras?: AppExtras;
  /** Receives every log line. */
  onLog?: (line: string) => void;
}

/** One real instance: real HTTP on a port of its own, a real PostgreSQL database. */
export interface Service {
  url: string;
  app: NestFastifyApplication;
  config: Config;
  db: TestDatabase;
  /** Moves time for the database and for every instance on it. */
  advance(seconds: number): Promise<void>;
  /** Stops this instance; the first one also stops what runs beside it, and drops the database. */
  stop(): Promise<void>;
}

/** What still runs on a database. */
const runningOn = new WeakMap<TestDatabase, Set<NestFastifyApplication>>();
const clocksOf = new WeakMap<TestDatabase, TestClock[]>();
const secretsOf = new WeakMap<TestDatabase, Record<string, string>>();

export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const db = options.besides?.db ?? (await createTestDatabase());
  const secrets = secretsOf.get(db) ?? {
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    REFRESH_TOKEN_KEYS: `t1:${randomBytes(32).toString('base64')}`,
  };
  secretsOf.set(db, secrets);
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: db.url,
    PUBLIC_URL,
    LOG_LEVEL: options.onLog ? 'debug' : 'silent',
    ...secrets,
    ...options.env,
  });
  const clock = new TestClock();
  clock.shiftMs = db.shiftSeconds * 1000;
  const clocks = [...(clocksOf.get(db) ?? []), clock];
  clocksOf.set(db, clocks);

  const module = AppModule.register(config, { ...options.extras, clock });
  const app = await createApp(config, { module, ...(options.onLog && { logStream: linesTo(options.onLog) }) });
  await app.listen(0, '127.0.0.1');
  // Tests say when the jobs of the clock run, not the minute in which they do.
  for (const job of app.get(SchedulerRegistry, { strict: false }).getCronJobs().values()) void job.stop();
  const running = runningOn.get(db) ?? new Set();
  runningOn.set(db, running.add(app));
  const { port } = app.getHttpServer().address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    app,
    config,
    db,
    advance: async (seconds) => {
      await db.advance(seconds);
      for (const one of clocksOf.get(db) ?? []) one.shiftMs += seconds * 1000;
    },
    stop: async () => {
      // The first one takes along those that a failed test left behind: they would keep Jest from ending.
      for (const one of options.besides ? [app] : running) {
        if (running.delete(one)) await one.close();
      }
      if (!options.besides) await db.drop();
    },
  };
}

function linesTo(onLog: (line: string) => void): NodeJS.WritableStream {
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunk.toString().split('\n').filter(Boolean).forEach(onLog));
  return stream;
}
