import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { RevocationsSweepJob } from '../src/revocation/revocations-sweep.job.js';
import { claimsOf } from './support/access-token.js';
import { addApplication, administrationOf, registerAt } from './support/applications.js';
import type { Device } from './support/device.js';
import { holdLock } from './support/held-lock.js';
import { ACT } from './support/operator.js';
import { poll } from './support/poll.js';
import { revoke } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** Seconds that an entry outlives the longest token: leeway, and clocks that differ. */
const MARGIN = 305;

let service: Service;
let shop: string;

beforeEach(async () => {
  service = await startService();
  shop = await addApplication(service);
});
afterEach(() => service.stop());

const setLife = (accessTokenTtl: number | null) => administrationOf(service).update(shop, { accessTokenTtl }, ACT);
const sweep = () => service.app.get(RevocationsSweepJob, { strict: false }).run();

/** For how many seconds the last entry about a subject is kept. */
async function keptFor(subject: string): Promise<number> {
  const [row] = await service.db.query<{ kept: string }>(
    `select extract(epoch from expires_at - created_at) as kept from revocations
      where subject = $1 order by seq desc limit 1`,
    [subject],
  );
  return Math.round(Number(row?.kept));
}

const keptNow = async () => {
  await revoke(service, { kind: 'session', subject: shop });
  return keptFor(shop);
};

test('a deny entry is kept for the longest life of any application, from the change on that sets it', async () => {
  expect(await keptNow()).toBe(600 + MARGIN);
  await setLife(1800);
  expect(await keptNow()).toBe(1800 + MARGIN);
  await addApplication(service, { accessTokenTtl: 3600 });
  expect(await keptNow()).toBe(3600 + MARGIN);
});

test('a life that was lowered counts until the last token of it has run out, and then no more', async () => {
  await setLife(3600);
  // Long after it was set: the note of each minute, and the change itself, tell of it.
  await service.advance(7200);
  await setLife(300);
  expect(await keptNow()).toBe(3600 + MARGIN);
  await service.advance(3595);
  await sweep();
  expect(await keptNow()).toBe(3600 + MARGIN);
  await service.advance(130);
  await sweep();
  expect(await keptNow()).toBe(600 + MARGIN);
});

test('a life that nobody changes is noted each minute', async () => {
  await setLife(3600);
  await service.advance(86_400);
  await sweep();
  expect(await keptNow()).toBe(3600 + MARGIN);
});

test('no life is raised between the writing of an entry that counts the shorter one and its commit', async () => {
  const [ended, other] = [await registerAt(service, shop), await registerAt(service, shop)];
  const head = await holdLock(service.db, 'select 1 from revocation_head for update');
  const ending = ended.send('/v1/auth/logout', { method: 'POST' });
  await poll(async () => (await head.waiting()) === 1);
  const raising = setLife(3600);
  await poll(async () => (await head.waiting()) === 2);
  await other.refresh();
  const { exp, iat } = claimsOf(other.accessToken);
  expect(exp - iat).toBe(600);
  await head.release();
  expect([(await ending).status, (await raising).accessTokenTtl]).toEqual([204, 3600]);
  expect(await keptFor(ended.sessionId)).toBe(600 + MARGIN);
  await other.refresh();
  expect(claimsOf(other.accessToken).exp - claimsOf(other.accessToken).iat).toBe(3600);
});

test('an entry that is written while a life is being raised counts the longer one', async () => {
  const ended = await registerAt(service, shop);
  const raising = new pg.Client({ connectionString: service.db.url });
  await raising.connect();
  await raising.query('begin; lock table token_lives in access exclusive mode');
  await raising.query('insert into token_lives values (3600, now())');
  const ending = ended.send('/v1/auth/logout', { method: 'POST' });
  const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await poll(async () => (await service.db.query(waits)).length === 1);
  await raising.query('commit');
  await raising.end();
  expect((await ending).status).toBe(204);
  expect(await keptFor(ended.sessionId)).toBe(3600 + MARGIN);
});

test('a role that may read and write the tables, and nothing else, may set a life', async () => {
  const client = new pg.Client({ connectionString: service.db.url });
  await client.connect();
  const role = `service_${randomUUID().slice(0, 8)}`;
  await client.query(`create role ${role}; grant select, insert, update, delete on token_lives to ${role}`);
  await client.query(`begin; set local role ${role}`);
  await client.query('lock table token_lives in access exclusive mode');
  await client.query(`rollback; drop owned by ${role}; drop role ${role}`);
  await client.end();
});

test('whatever the lives are set to, and when: no entry is gone before the last token that it refuses', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), life: fc.constantFrom(null, 60, 300, 1800, 3600) }),
    fc.record({ do: fc.constant('issue' as const) }),
    fc.record({ do: fc.constant('advance' as const), seconds: fc.constantFrom(1, 59, 200, 700, 3000) }),
    fc.record({ do: fc.constant('note' as const) }),
    fc.record({ do: fc.constant('end' as const) }),
  );
  const property = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
    await setLife(null);
    let device: Device = await registerAt(service, shop);
    let last = claimsOf(device.accessToken).exp;
    for (const each of [...steps, { do: 'end' as const }]) {
      if (each.do === 'set') await setLife(each.life);
      if (each.do === 'advance') await service.advance(each.seconds);
      if (each.do === 'note' || each.do === 'advance') await sweep();
      if (each.do === 'issue') {
        expect((await device.refresh()).status).toBe(200);
        last = Math.max(last, claimsOf(device.accessToken).exp);
      }
      if (each.do !== 'end') continue;
      await device.refresh();
      last = Math.max(last, claimsOf(device.accessToken).exp);
      await device.send('/v1/auth/logout', { method: 'POST' });
      const [row] = await service.db.query<{ until: string }>(
        'select extract(epoch from expires_at) as until from revocations where subject = $1',
        [device.sessionId],
      );
      expect(Number(row?.until)).toBeGreaterThan(last + 5);
      device = await registerAt(service, shop);
      last = claimsOf(device.accessToken).exp;
    }
  });
  await fc.assert(property, { numRuns: 12 });
});
