import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { RevocationsPurgeJob } from '../src/revocation/revocations-purge.job.js';
import { RevocationsSweepJob } from '../src/revocation/revocations-sweep.job.js';
import { Device } from './support/device.js';
import { catchUp, revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** Seconds that an entry outlives the longest token: leeway, and clocks that differ. */
const MARGIN = 305;

let service: Service;

beforeEach(async () => {
  service = await startService({ env: { ACCESS_TOKEN_TTL: '5m' } });
});
afterEach(() => service.stop());

const purge = async () => {
  await service.app.get(RevocationsPurgeJob, { strict: false }).run();
  await service.app.get(RevocationsSweepJob, { strict: false }).run();
};
const count = async () =>
  Number((await service.db.query<{ n: string }>('select count(*) as n from revocations'))[0]?.n);

/** Revokes something and says for how many seconds it is kept. */
async function keptFor(): Promise<number> {
  const subject = randomUUID();
  await revoke(service, { kind: 'session', subject });
  const [row] = await service.db.query<{ kept: string }>(
    'select extract(epoch from expires_at - created_at) as kept from revocations where subject = $1',
    [subject],
  );
  return Math.round(Number(row?.kept));
}

/** Rows that expired an hour ago. */
async function insertExpired(rows: number): Promise<void> {
  await service.db.query(
    `with head as (update revocation_head set seq = seq + $1::int returning seq)
     insert into revocations (seq, id, kind, subject, suspended, created_at, expires_at)
     select head.seq - $1 + n, gen_random_uuid(), 'session', gen_random_uuid(), false, now(), now() - interval '1 hour'
       from head, generate_series(1, $1) as n`,
    [rows],
  );
}

test('an entry outlives every token that it refuses, and is then purged from table and memory', async () => {
  const device = await Device.register(service);
  await device.send('/v1/auth/logout', { method: 'POST' });
  expect(await keptFor()).toBe(300 + MARGIN);
  await service.advance(300 + MARGIN - 5);
  await purge();
  expect([await count(), syncOf(service).index.size]).toEqual([2, 2]);
  expect(await device.access()).toBe('token_expired');
  await service.advance(10);
  await purge();
  expect([await count(), syncOf(service).index.size]).toEqual([0, 0]);
});

test('a clock of the machine that runs an hour ahead takes nothing out of memory that refuses a token', async () => {
  await service.db.advance(-3_600);
  await catchUp(service);
  const device = await Device.register(service);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await purge();
  expect(await device.access()).toBe('session_ended');
});

test('nor does the clock of the database while it steps ahead and back', async () => {
  const device = await Device.register(service);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await service.db.advance(3_600);
  await purge();
  await service.db.advance(-3_600);
  await catchUp(service);
  expect(await device.access()).toBe('session_ended');
});

test('the longest life of a token in circulation counts, and a lower one only once the last such token ran out', async () => {
  const longer = await startService({ besides: service, env: { ACCESS_TOKEN_TTL: '30m' } });
  expect(await keptFor()).toBe(1_800 + MARGIN);
  await longer.stop();
  await service.advance(1_800);
  await purge();
  expect(await keptFor()).toBe(1_800 + MARGIN);
  await service.advance(180);
  await purge();
  expect(await keptFor()).toBe(300 + MARGIN);
});

test('where nothing is known of lives, an entry outlives the longest that any verifier accepts', async () => {
  await service.db.query('delete from token_lives');
  expect(await keptFor()).toBe(3_600 + MARGIN);
});

test('an entry without end stays, in table and memory, and so does its refusal', async () => {
  const device = await Device.register(service);
  await revoke(service, { kind: 'application', subject: 'another', suspended: true, permanent: true });
  await revoke(service, { kind: 'session', subject: device.sessionId, permanent: true });
  await service.advance(10 * 365 * 86_400);
  await purge();
  await catchUp(service);
  const { index } = syncOf(service);
  expect([await count(), index.size, index.application.has('another')]).toEqual([2, 2, true]);
  const started = await startService({ besides: service });
  expect(syncOf(started).index.session.has(device.sessionId)).toBe(true);
  await started.stop();
});

test('a purge goes by batches, past rows that somebody holds', async () => {
  await insertExpired(3_000);
  const live = await keptFor();
  expect(live).toBeGreaterThan(0);
  const holder = new pg.Client({ connectionString: service.db.url });
  await holder.connect();
  await holder.query('begin; select 1 from revocations where seq = 7 for update');
  await purge();
  expect(await service.db.query('select seq from revocations order by seq')).toEqual([{ seq: '7' }, { seq: '3001' }]);
  await holder.query('rollback');
  await holder.end();
  await purge();
  expect(await count()).toBe(1);
});

test('an instance that starts leaves what has expired where it is', async () => {
  await insertExpired(10);
  const started = await startService({ besides: service });
  expect(syncOf(started).index.size).toBe(0);
  await started.stop();
});

test('what is revoked after the row at the cursor was purged is still followed', async () => {
  const other = await startService({ besides: service });
  const device = await Device.register(service);
  await revoke(service, { kind: 'session', subject: randomUUID() });
  await catchUp(other);
  await service.advance(3_600);
  await purge();
  expect(await count()).toBe(0);
  await device.refresh();
  await device.send('/v1/auth/logout', { method: 'POST' });
  await catchUp(other);
  expect(await device.access(other)).toBe('session_ended');
  await other.stop();
});
