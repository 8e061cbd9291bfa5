import pg from 'pg';
import { REQUEST_LIMITS } from '../src/database/data-source.js';
import { FleetJobs } from '../src/database/fleet-jobs.js';
import { RevocationsPurgeJob } from '../src/revocation/revocations-purge.job.js';
import { SessionsPurgeJob } from '../src/sessions/sessions-purge.job.js';
import { readPage, sectionOf } from './docs-pages.js';
import { Device, send } from './support/device.js';
import { holdSession } from './support/held-lock.js';
import { poll } from './support/poll.js';
import { revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startPooler, type TransactionPooler } from './support/transaction-pooler.js';

/** Three instances behind a pooler that hands out connections by transaction, and one beside it. */
let direct: Service;
let pooler: TransactionPooler;
let fleet: Service[];

/** Fewer than the instances would like to have: what one leaves behind in a session is found by another. */
const SERVER_CONNECTIONS = 6;

const limit = (name: string, value: string) =>
  direct.db.query(`alter database ${new URL(direct.db.url).pathname.slice(1)} set ${name} = '${value}'`);

beforeAll(async () => {
  direct = await startService();
  await limit('lock_timeout', '2s');
  await limit('statement_timeout', '30s');
  await limit('idle_in_transaction_session_timeout', '60s');
  pooler = await startPooler(direct.db.url, SERVER_CONNECTIONS);
  const env = { DATABASE_URL: pooler.url, REVOCATION_LISTEN: 'false' };
  fleet = await Promise.all([1, 2, 3].map(() => startService({ besides: direct, env })));
});
afterAll(async () => {
  for (const service of fleet ?? []) await service.stop();
  await pooler?.close();
  await direct?.stop();
});

const ready = (service: Service) => send(service, '/health/ready');

test('what is tried here has no sessions: a setting and a prepared name are gone with the transaction', async () => {
  const client = new pg.Client({ connectionString: pooler.url });
  await client.connect();
  await client.query(`set search_path = nowhere`);
  expect((await client.query('show search_path')).rows).not.toEqual([{ search_path: 'nowhere' }]);
  await client.query({ name: 'known', text: 'select 1' });
  await expect(client.query({ name: 'known', text: 'select 1' })).rejects.toMatchObject({ code: '26000' });
  // Whoever gets that connection next is not to suffer.
  for (let n = 0; n < SERVER_CONNECTIONS; n++) await client.query('reset search_path; deallocate all');
  await client.end();
});

test('people sign in, refresh in parallel and sign out at all of them, and what is revoked is refused by all', async () => {
  await poll(async () => (await Promise.all(fleet.map(ready))).every(({ status }) => status === 200));
  const before = pooler.transactions;
  const people = await Promise.all(
    Array.from({ length: 9 }, async (_, n) => {
      const device = await Device.register(fleet[n % 3]!);
      for (let round = 0; round < 4; round++) {
        const token = device.refreshToken;
        const answers = await Promise.all(fleet.map((service) => device.refresh(token, service)));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
        expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
      }
      const other = await device.another({}, fleet[(n + 1) % 3]!);
      expect((await device.send(`/v1/sessions/${other.sessionId}`, { method: 'DELETE' })).status).toBe(204);
      return { device, other };
    }),
  );
  for (const service of fleet) {
    await poll(async () => (await Promise.all(people.map(({ other }) => other.access(service)))).every(isEnded));
    expect(await Promise.all(people.map(({ device }) => device.access(service)))).toEqual(people.map(() => null));
  }
  expect(pooler.transactions - before).toBeGreaterThan(100);
});

const isEnded = (code: string | null) => code === 'session_ended';

test('a lock that cannot be had in two seconds is answered 503, by the limits of the role', async () => {
  const device = await Device.register(fleet[0]!);
  const lock = await holdSession(direct.db, device.sessionId);
  expect(await device.refresh()).toMatchObject({ status: 503, code: 'unavailable' });
  await lock.release();
  expect((await device.refresh()).status).toBe(200);
});

test('one instance at a time is at a job of the fleet, though the lock is held by way of the pooler', async () => {
  const jobs = fleet.map((service) => service.app.get(FleetJobs, { strict: false }));
  let others: (string | null)[] = [];
  await jobs[0]!.run('deny-list purge', async () => {
    others = await Promise.all(jobs.slice(1).map((other) => other.run('deny-list purge', async () => 'too')));
  });
  expect(others).toEqual([null, null]);
  expect(await jobs[1]!.run('deny-list purge', async () => 'now')).toBe('now');
});

test('the purge deletes by way of the pooler', async () => {
  const [service] = fleet as [Service];
  const device = await Device.register(service);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await revoke(service, { kind: 'session', subject: device.sessionId });
  const rows = () => direct.db.query('select 1 from revocations where subject = $1', [device.sessionId]);
  expect(await rows()).toHaveLength(2);
  await direct.advance(3_600);
  await service.app.get(RevocationsPurgeJob, { strict: false }).run();
  await service.app.get(SessionsPurgeJob, { strict: false }).run();
  expect(await rows()).toHaveLength(0);
  await poll(() => fleet.every((each) => syncOf(each).isFresh()));
});

test('the page of operations names every limit of time that the role needs', () => {
  const told = sectionOf(readPage('docs/operations.md'), '## Connections');
  expect(told).toContain(`ignore_startup_parameters = ${Object.keys(REQUEST_LIMITS).join(',')}\n`);
  for (const [name, value] of Object.entries(REQUEST_LIMITS))
    expect(told).toContain(`alter role portcullis_service set ${name} = ${value};`);
});

test('a role without limits of time is told before anybody waits for ever: not ready, and what to run', async () => {
  await limit('lock_timeout', '0');
  const bare = await startPooler(direct.db.url, 3);
  const service = await startService({
    besides: direct,
    env: { DATABASE_URL: bare.url, REVOCATION_LISTEN: 'false' },
  });
  expect((await ready(service)).body.checks).toContainEqual({
    name: 'database',
    ok: false,
    detail: expect.stringMatching(/A pooler keeps back .* Run: alter role \w+ set lock_timeout = 2000$/),
  });
  await service.stop();
  await bare.close();
  await limit('lock_timeout', '2s');
});
