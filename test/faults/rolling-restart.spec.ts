import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { applyMigrations, revertLastMigration } from '../../src/database/migrator.js';
import { Device, send } from '../support/device.js';
import { openEvents } from '../support/events.js';
import { openSocket } from '../support/live-socket.js';
import { poll } from '../support/poll.js';
import { startFleet, type Fleet } from './support/fleet.js';
import { startFront, type Front } from './support/front.js';

/** What the balancer here needs to notice, and some for a busy machine. */
const SHUTDOWN_DELAY = '3s';

/** People who never stop asking. */
const PEOPLE = 12;

/** People with a WebSocket and an event stream, who come back when they are sent away. */
const HOLDERS = 6;

let fleet: Fleet;
let front: Front;

beforeAll(async () => {
  fleet = await startFleet({ SHUTDOWN_DELAY });
  await fleet.settled(60);
  front = await startFront(fleet.instances);
}, 120_000);
afterAll(async () => {
  await front?.close();
  await fleet?.stop();
});

test('three instances restarted in turn lose no request, and nobody believes to be signed out', async () => {
  const load = await startLoad();
  const held = await holdConnections();
  for (const instance of fleet.instances) {
    const ended = instance.end('SIGTERM');
    await poll(async () => !(await instance.ready()));
    await poll(() => !front.inRotation().includes(instance.number));
    expect(await ended).toBe(0);
    await instance.start();
    await poll(() => front.inRotation().includes(instance.number), 60);
  }
  const { requests, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(1_000);
  // Each was sent to another instance at least once, as each instance was restarted once.
  const { ends, wrong } = await held.stop();
  expect(wrong).toEqual([]);
  expect(new Set(ends)).toEqual(new Set(['socket: 1001', 'events: the end']));
  expect(ends.length).toBeGreaterThanOrEqual(HOLDERS * 2);
}, 180_000);

const TABLES = ['users', 'sessions', 'applications', 'revocations', 'revocation_head', 'signing_keys', 'audit_events'];

/** What the next version needs and this one does not know: a table each, so that no lock is held for long. */
const WIDENED = TABLES.map((table, index) => {
  return class implements MigrationInterface {
    readonly name = `Widen${table}${1_999_999_999_000 + index}`;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`alter table ${table} add column next_version text default 'new'`);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(`alter table ${table} drop column next_version`);
    }
  };
});

test('while the tables are widened for the next version, and made narrow again, this one loses no request', async () => {
  const settings = { databaseUrl: fleet.postgres.url(), databasePoolSize: 2 };
  const load = await startLoad();
  expect(await applyMigrations(settings, { migrations: WIDENED })).toHaveLength(WIDENED.length);
  await sleep(1_000);
  expect(front.inRotation()).toEqual([0, 1, 2]);
  for (const _ of WIDENED) await revertLastMigration(settings, { migrations: WIDENED });
  await sleep(1_000);
  const { requests, failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(200);
}, 120_000);

interface Held {
  /** How each connection ended, and all that should not have been. */
  stop(): Promise<{ ends: string[]; wrong: string[] }>;
}

async function holdConnections(): Promise<Held> {
  const balanced = { url: front.url } as never;
  const ends: string[] = [];
  const wrong: string[] = [];
  const closing: (() => void)[] = [];
  let over = false;

  const holdSocket = async (token: string) => {
    while (!over) {
      const live = await openSocket(balanced, '/live/plain', { token });
      closing.push(() => live.socket.terminate());
      for (let n = 0; live.closed === null && !over; n++) {
        const { event, data } = await live.ask('echo', n);
        if (event !== 'hello' && event !== 'echo' && event !== 'closed') wrong.push(`${event} ${JSON.stringify(data)}`);
        await sleep(50);
      }
      if (!over) ends.push(`socket: ${live.closed}`);
    }
  };
  const holdEvents = async (token: string) => {
    while (!over) {
      const stream = await openEvents(balanced, token);
      closing.push(() => void stream.close());
      for (let event = await stream.next(); event; event = await stream.next())
        if (['ended', 'outdated', 'closed'].includes(event.type)) wrong.push(`event: ${event.type}`);
      if (!over) ends.push('events: the end');
    }
  };
  const devices = await Promise.all(Array.from({ length: HOLDERS }, () => Device.register(balanced)));
  const holding = devices
    .flatMap(({ accessToken }) => [holdSocket(accessToken), holdEvents(accessToken)])
    .map((each) => each.catch((error: Error) => over || wrong.push(error.message)));
  return {
    stop: async () => {
      over = true;
      closing.forEach((close) => close());
      await Promise.all(holding);
      return { ends, wrong };
    },
  };
}

interface Load {
  stop(): Promise<{ requests: number; failures: string[] }>;
}

/** People who read, refresh, sign out and in again through the balancer as fast as they are answered. */
async function startLoad(): Promise<Load> {
  let [requests, over] = [0, false];
  const failures: string[] = [];
  const note = (what: string, { status }: { status: number }) => {
    requests += 1;
    if (status >= 300) failures.push(`${what}: ${status}`);
  };
  const balanced = { url: front.url } as never;
  const live = async () => {
    const device = await Device.register(balanced);
    for (let round = 1; !over; round++) {
      note('read', await device.send('/v1/users/me'));
      note('list', await device.send('/v1/sessions'));
      note('refresh', await device.refresh());
      if (round % 25 > 0) continue;
      const other = await device.another();
      note('end', await device.send(`/v1/sessions/${other.sessionId}`, { method: 'DELETE' }));
      const { code } = await send(balanced, '/v1/auth/refresh', { body: { refreshToken: other.refreshToken } });
      if (code !== 'session_ended') failures.push(`refresh of an ended session: ${code}`);
    }
  };
  const people = Array.from({ length: PEOPLE }, () =>
    live().catch((error: Error) => failures.push(`${error.message} ${String(error.cause ?? '')}`)),
  );
  return {
    stop: async () => {
      over = true;
      await Promise.all(people);
      return { requests, failures: [...failures, ...front.failures.splice(0)] };
    },
  };
}
