import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { applyMigrations, revertLastMigration } from '../../src/database/migrator.js';
import { Device, send } from '../support/device.js';
import { poll } from '../support/poll.js';
import { startFleet, type Fleet } from './support/fleet.js';
import { startFront, type Front } from './support/front.js';

/** What the balancer here needs to notice, and some for a busy machine. */
const SHUTDOWN_DELAY = '3s';

/** People who never stop asking. */
const PEOPLE = 12;

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

test('three instances restarted in turn lose no request: they say so, are left alone, answer, and end with 0', async () => {
  const load = await startLoad();
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
