import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { LookSchedule } from '../src/revocation/look-schedule.js';
import { RevocationLogRepository } from '../src/revocation/revocation-log.repository.js';
import { AccountAdministrationService } from '../src/users/account-administration.service.js';
import { Device } from './support/device.js';
import { poll } from './support/poll.js';
import { catchUp, revoke, stopPolling, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** What the promise allows in health, and some for a busy machine. Seconds. */
const SOON = 3;

const ACT = { actor: 'operator:test', reason: 'test' };

let one: Service;
let two: Service;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

/** Connections for listening, and whether each does by what it said last. */
function listeners(): Promise<{ pid: number; listens: boolean }[]> {
  return one.db.query(
    `select pid, query ~* '^listen |pg_listening_channels' as listens from pg_stat_activity
      where datname = current_database() and application_name = 'portcullis-listen'`,
  );
}

test('another instance refuses what was revoked here within its next look, and nothing else', async () => {
  const [ada, eve] = [await Device.register(one), await Device.register(two)];
  const tablet = await ada.another();
  expect([await ada.access(two), await eve.access(one)]).toEqual([null, null]);
  await ada.send('/v1/auth/logout', { method: 'POST' });
  expect(await ada.access()).toBe('session_ended');
  await poll(async () => (await ada.access(two)) === 'session_ended', SOON);
  await eve.send('/v1/auth/logout-all', { method: 'POST' });
  await poll(async () => (await eve.access(one)) === 'token_outdated', SOON);
  expect([await tablet.access(one), await tablet.access(two)]).toEqual([null, null]);
});

test('who is let in again is so on every instance at once, heard of or not; what was out stays out', async () => {
  const device = await Device.register(one);
  const old = device.accessToken;
  const behind = await startService({
    besides: one,
    env: { REVOCATION_LISTEN: 'false', REVOCATION_MAX_STALENESS: '5m' },
  });
  const accounts = one.app.get(AccountAdministrationService, { strict: false });
  await accounts.suspend(device.userId, ACT);
  await catchUp(behind);
  stopPolling(behind);
  await accounts.restore(device.userId, ACT);
  await device.login();

  expect(syncOf(behind).index.user.find(device.userId)).toMatchObject({ suspended: true });
  expect(await device.access(behind)).toBeNull();
  expect((await device.send('/v1/users/me', { token: old }, behind)).code).toBe('account_suspended');
  await catchUp(behind);
  expect(await device.access(behind)).toBeNull();
  expect((await device.send('/v1/users/me', { token: old }, behind)).code).toBe('token_outdated');
  await behind.stop();
});

test('a burst of revocations on both instances is known to both, none lost', async () => {
  const subjects = Array.from({ length: 400 }, () => randomUUID());
  await Promise.all(subjects.map((subject, i) => revoke(i % 2 ? one : two, { kind: 'session', subject })));
  for (const instance of [one, two]) {
    await catchUp(instance);
    expect(subjects.filter((subject) => !syncOf(instance).index.session.has(subject))).toEqual([]);
  }
});

describe('an instance that starts', () => {
  test('knows all that was revoked before, and only that', async () => {
    const ada = await Device.register(one);
    const [phone, tablet, outdated] = [await ada.another(), await ada.another(), await Device.register(one)];
    const before = outdated.accessToken;
    await phone.send('/v1/auth/logout', { method: 'POST' });
    await outdated.send('/v1/auth/password', {
      body: { currentPassword: outdated.password, newPassword: 'difference engine 1822' },
    });
    const started = await startService({ besides: one });
    expect(await phone.access(started)).toBe('session_ended');
    expect((await outdated.send('/v1/users/me', { token: before }, started)).code).toBe('token_outdated');
    expect([await ada.access(started), await tablet.access(started)]).toEqual([null, null]);
    expect(syncOf(started).index.size).toBe(syncOf(one).index.size);
    await started.stop();
  });

  test('listens first, then reads, and is ready then: what is revoked between two of the steps is known', async () => {
    const others = new Set((await listeners()).map(({ pid }) => pid));
    let listening = false;
    const [beforeReading, afterReading] = [randomUUID(), randomUUID()];
    const load = RevocationLogRepository.prototype.load;
    const reading = jest.spyOn(RevocationLogRepository.prototype, 'load');
    reading.mockImplementationOnce(async function (this: RevocationLogRepository, apply) {
      listening = (await listeners()).some(({ pid, listens }) => listens && !others.has(pid));
      await revoke(one, { kind: 'session', subject: beforeReading });
      const cursor = await load.call(this, apply);
      await revoke(one, { kind: 'session', subject: afterReading });
      return cursor;
    });
    // Else a look by time would make up for whatever was missed.
    const polling = jest.spyOn(LookSchedule.prototype, 'start').mockImplementationOnce(() => undefined);
    const started = await startService({ besides: one, env: { REVOCATION_MAX_STALENESS: '5m' } });
    const sync = syncOf(started);
    expect([listening, sync.isFresh(), sync.index.session.has(beforeReading)]).toEqual([true, true, true]);
    expect(polling).toHaveBeenCalledTimes(1);
    await poll(() => sync.index.session.has(afterReading));
    await started.stop();
  });

  test('reads a long list whole, though page by page; so does one that runs', async () => {
    const count = 12_000;
    const steps: number[] = [];
    const stop = syncOf(two).subscribe((entries) => steps.push(entries.length));
    await one.db.query(
      `with head as (update revocation_head set seq = seq + $1::int returning seq)
       insert into revocations (seq, id, kind, subject, suspended, created_at, expires_at)
       select head.seq - $1 + n, gen_random_uuid(), 'session', gen_random_uuid(), false, now(), now() + interval '1 hour'
         from head, generate_series(1, $1) as n`,
      [count],
    );
    const rows = await one.db.query<{ subject: string }>('select subject from revocations');
    const started = await startService({ besides: one });
    expect(rows.length).toBeGreaterThan(count);
    await poll(() => syncOf(two).index.size === syncOf(started).index.size);
    stop();
    // Requests wait for a step of one that serves, and a thousand lines are some five milliseconds.
    expect(Math.max(...steps)).toBeLessThanOrEqual(1_000);
    for (const { index } of [syncOf(started), syncOf(two)]) {
      expect(rows.filter(({ subject }) => !index.session.has(subject) && !index.user.has(subject))).toEqual([]);
    }
    await started.stop();
  });
});

test('a row past the head is no part of the log', async () => {
  const device = await Device.register(one);
  await one.db.query(
    `insert into revocations (seq, id, kind, subject, suspended, created_at)
     select seq + 1000, gen_random_uuid(), 'session', $1, false, now() from revocation_head`,
    [device.sessionId],
  );
  await Promise.all([one, two].map(catchUp));
  const started = await startService({ besides: one });
  for (const instance of [one, two, started]) expect(await device.access(instance)).toBeNull();
  await started.stop();
  await one.db.query('delete from revocations where subject = $1', [device.sessionId]);
});
