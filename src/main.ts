import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from './app.js';
import { databaseTrouble } from './common/errors/database-error.js';
import { endLog } from './common/logging/logger.js';
import { Readiness } from './common/readiness.js';
import { ConfigError, type Config } from './config.js';
import { openConfig } from './database/development.js';
import { applyMigrations } from './database/migrator.js';
import { SetUpError } from './database/set-up-error.js';
import { listenForStop } from './stop-request.js';

const stopRequest = listenForStop(process.env);

/** What has been started, and is to be stopped in the opposite order. */
const started: (() => Promise<unknown>)[] = [];

/** Whether the database has been reached: a name or a port that is not found later is another one's. */
let connected = false;

async function start(): Promise<void> {
  const { value: config, embeddedIn, close } = await openConfig(process.env);
  started.push(close);
  if (!stopRequest.made && config.migrateOnStart) await applyMigrations(config);
  if (stopRequest.made) return;
  const app = await createApp(config);
  // Answers what has arrived, then lets go of the database.
  started.push(() => app.close());
  connected = true;
  if (stopRequest.made) return;
  await app.listen(config.port, config.host);
  started.push(() => turnAway(config, app));
  announce(config, app, embeddedIn);
}

/**
 * Not ready from now on, and each answer closes its connection; but a balancer notices late, and what it sends until then
 * is answered.
 */
async function turnAway(config: Config, app: NestFastifyApplication): Promise<void> {
  app.get(Readiness).shutDown();
  await sleep(config.shutdownDelay * 1000);
}

async function stop(): Promise<void> {
  for (const close of started.splice(0).toReversed()) await close();
}

function announce(config: Config, app: NestFastifyApplication, embeddedIn: string | undefined): void {
  const { port } = app.getHttpServer().address() as { port: number };
  const address = config.port === 0 ? `http://localhost:${port}` : config.publicUrl;
  console.log(`Portcullis is at ${address}, its API at ${address}/docs`);
  if (embeddedIn !== undefined)
    console.log(`It keeps its data in ${embeddedIn} (development: no DATABASE_URL is set).`);
}

/** A fault of the configuration or of the database is explained; of anything else the stack is needed. */
function report(error: unknown): void {
  const trouble = connected ? null : databaseTrouble(error);
  if (trouble !== null) console.error(trouble);
  else if (error instanceof ConfigError || error instanceof SetUpError) console.error(error.message);
  else if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') console.error(portTaken(error));
  else console.error(error);
}

function portTaken(error: Error): string {
  return `Another program uses that port already (${error.message}). Stop it, or set PORT to another one.`;
}

try {
  await start();
  await stopRequest.whenMade;
  await stop();
  await endLog();
  process.exit(0);
} catch (error) {
  report(error);
  await stop().catch(report);
  await endLog();
  process.exit(1);
}
