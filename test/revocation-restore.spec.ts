import { AccountAdministrationService } from '../src/users/account-administration.service.js';
import { KeyAdministrationService } from '../src/keys/key-administration.service.js';
import { TokenDenialService } from '../src/revocation/token-denial.service.js';
import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { takeBackup, type Backup } from './support/backup.js';
import { claimsOf, headerOf } from './support/access-token.js';
import { addApplication, administrationOf, registerAt } from './support/applications.js';
import { Device } from './support/device.js';
import { ACT } from './support/operator.js';
import { poll } from './support/poll.js';
import { catchUp, change, stopPolling, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** A backup is restored under two running instances; what had been revoked since is to stay revoked. */
let one: Service;
let two: Service;
const lines: string[] = [];

beforeEach(async () => {
  lines.length = 0;
  one = await startService();
  // Nest has one logger for the process: that of the application made last.
  two = await startService({ besides: one, onLog: (line) => lines.push(line) });
});
afterEach(async () => {
  await two.stop();
  await one.stop();
});

const act = { actor: 'operator:test', reason: 'test' };
const service = <T>(type: new (...args: never[]) => T): T => one.app.get(type, { strict: false });
const epoch = async () => (await one.db.query<{ epoch: string }>('select epoch from revocation_head'))[0]!.epoch;
const alarms = () => lines.filter((line) => line.includes('were put back'));

async function restore(backup: Backup): Promise<void> {
  const before = await epoch();
  await backup.restore();
  await poll(async () => (await epoch()) !== before);
  await Promise.all([one, two].map(catchUp));
}

/** What an act on a device's account leaves of it: what its access token and its refresh token get. */
type Kind = [name: string, revoke: (device: Device) => Promise<unknown>, access: string, refresh: string | null];

const KINDS: Kind[] = [
  ['a session', (device) => device.send('/v1/auth/logout', { method: 'POST' }), 'session_ended', 'session_ended'],
  [
    'an account, signed out everywhere',
    (device) => device.send('/v1/auth/logout-all', { method: 'POST' }),
    'token_outdated',
    'session_ended',
  ],
  [
    'an account, suspended',
    (device) => service(AccountAdministrationService).suspend(device.userId, act),
    'account_suspended',
    'account_suspended',
  ],
  [
    'one token',
    (device) => service(TokenDenialService).denyToken(String(claimsOf(device.accessToken)['jti']), act),
    'token_revoked',
    null,
  ],
  ['everyone', () => service(ApplicationSignOutService).signOutEveryone(act), 'token_outdated', 'session_ended'],
  [
    'an application, disabled',
    () =>
      change(one, `update applications set enabled = false where id = 'account'`, {
        kind: 'application',
        subject: 'account',
        suspended: true,
        permanent: true,
      }),
    'application_disabled',
    'application_disabled',
  ],
  [
    'a signing key',
    (device) => service(KeyAdministrationService).withdraw(String(headerOf(device.accessToken)['kid']), act),
    'token_revoked',
    null,
  ],
];

test.each(KINDS)(
  '%s: revoked since the backup, refused after its restore, refresh included',
  async (_, revokeIt, access, refresh) => {
    const device = await Device.register(one);
    const backup = await takeBackup(one.db);
    await revokeIt(device);
    await catchUp(two);
    await restore(backup);
    // Each instance says so.
    expect(alarms()).toHaveLength(2);

    const third = await startService({ besides: one });
    for (const instance of [one, two, third]) expect(await device.access(instance)).toBe(access);
    expect((await device.refresh(device.refreshToken, third)).code).toBe(refresh);
    await third.stop();
    expect(await one.db.query(`select 1 from revocations where reason = 'put_back_after_restore'`)).toHaveLength(1);
    expect(await one.db.query(`select 1 from audit_events where type = 'revocation.put_back'`)).toHaveLength(1);
  },
);

test('what is revoked after a restore is remembered for a life of tokens that the restored database knows nothing of', async () => {
  const shop = await addApplication(one);
  const backup = await takeBackup(one.db);
  await administrationOf(one).update(shop, { accessTokenTtl: 3600 }, ACT);
  await (await registerAt(one, shop)).send('/v1/auth/logout', { method: 'POST' });
  await restore(backup);
  const device = await registerAt(one, shop);
  await device.send('/v1/auth/logout', { method: 'POST' });
  const [line] = await one.db.query<{ kept: string }>(
    `select extract(epoch from expires_at - now()) as kept from revocations where subject = $1`,
    [device.sessionId],
  );
  expect(Number(line!.kept)).toBeGreaterThan(3600);
});

test('whoever was not concerned goes on, and no version is handed out twice', async () => {
  const [ada, eve] = [await Device.register(one), await Device.register(one)];
  const backup = await takeBackup(one.db);
  await ada.send('/v1/auth/logout-all', { method: 'POST' });
  await ada.login();
  const lost = Number(claimsOf(ada.accessToken)['ver']);
  await catchUp(two);
  await restore(backup);

  expect([await eve.access(two), (await eve.refresh()).status]).toEqual([null, 200]);
  await ada.login();
  expect(Number(claimsOf(ada.accessToken)['ver'])).toBe(lost);
  await ada.send('/v1/auth/logout-all', { method: 'POST' });
  await ada.login();
  expect(Number(claimsOf(ada.accessToken)['ver'])).toBeGreaterThan(lost);
});

test('several instances that notice at once put each thing back once, under one new epoch', async () => {
  const others = await Promise.all([1, 2, 3].map(() => startService({ besides: one })));
  const devices = await Promise.all(Array.from({ length: 20 }, () => Device.register(one)));
  const backup = await takeBackup(one.db);
  await Promise.all(devices.map((device) => device.send('/v1/auth/logout', { method: 'POST' })));
  const all = [one, two, ...others];
  await Promise.all(all.map(catchUp));
  const before = await epoch();
  await backup.restore();
  await Promise.all(all.map((instance) => poll(() => syncOf(instance).position?.epoch !== before)));
  await Promise.all(all.map(catchUp));

  const now = await epoch();
  expect(all.map((instance) => syncOf(instance).position?.epoch)).toEqual(all.map(() => now));
  const rows = await one.db.query<{ subject: string }>('select subject from revocations order by subject');
  expect(rows.map(({ subject }) => subject)).toEqual(devices.map(({ sessionId }) => sessionId).toSorted());
  const [head] = await one.db.query('select seq, (select count(*) from revocations) as count from revocation_head');
  expect(head).toMatchObject({ seq: String(devices.length), count: String(devices.length) });
  for (const device of devices) expect((await device.refresh()).code).toBe('session_ended');
  await Promise.all(others.map((instance) => instance.stop()));
});

test('an instance that had missed rows lowers nothing that another puts back, and learns it', async () => {
  const device = await Device.register(one);
  const behind = await startService({ besides: one, env: { REVOCATION_LISTEN: 'false' } });
  const backup = await takeBackup(one.db);
  stopPolling(behind);
  await service(AccountAdministrationService).suspend(device.userId, act);
  await restore(backup);
  await catchUp(behind);
  expect(await device.access(behind)).toBe('account_suspended');
  const [user] = await one.db.query('select status from users where id = $1', [device.userId]);
  expect(user).toEqual({ status: 'suspended' });
  await behind.stop();
});

test('a restore that was overtaken by new revocations before anyone looked is noticed by the row at the cursor', async () => {
  const [lost, later] = [await Device.register(one), await Device.register(one)];
  const backup = await takeBackup(one.db);
  await lost.send('/v1/auth/logout', { method: 'POST' });
  await catchUp(two);
  const before = await epoch();
  await backup.restore(
    `with head as (update revocation_head set seq = seq + 5 returning seq)
     insert into revocations (seq, id, kind, subject, suspended, created_at, expires_at)
     select head.seq - 5 + n, gen_random_uuid(), 'session',
            case n when 3 then '${later.sessionId}' else gen_random_uuid()::text end, false, now(), now() + interval '1 hour'
       from head, generate_series(1, 5) as n`,
  );
  await poll(async () => (await epoch()) !== before);
  await Promise.all([one, two].map(catchUp));
  for (const instance of [one, two]) {
    expect([await lost.access(instance), await later.access(instance)]).toEqual(['session_ended', 'session_ended']);
  }
  expect((await lost.refresh()).code).toBe('session_ended');
});

test('while the restored database can only be read, nothing is confirmed; as soon as it can be written, all is put back', async () => {
  const device = await Device.register(one);
  const backup = await takeBackup(one.db);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await one.db.query('revoke all on revocation_head from public');
  await one.db.query(`alter table revocation_head add constraint frozen check (epoch = '${await epoch()}')`);
  await backup.restore();
  await expect(syncOf(one).awaitFresh()).rejects.toMatchObject({ code: 'revocation_unavailable' });
  expect(await device.access(one)).toBe('session_ended');
  await one.db.query('alter table revocation_head drop constraint frozen');
  await catchUp(one);
  expect((await device.refresh()).code).toBe('session_ended');
});

test('rows that a restore leaves past the head are no part of the log, and not in the way of it', async () => {
  const [known, later] = [await Device.register(one), await Device.register(one)];
  await known.send('/v1/auth/logout', { method: 'POST' });
  await catchUp(two);
  const before = await epoch();
  await one.db.query('update revocation_head set seq = seq - 1');
  await poll(async () => (await epoch()) !== before);
  await later.send('/v1/auth/logout', { method: 'POST' });
  await Promise.all([one, two].map(catchUp));
  for (const instance of [one, two]) {
    expect([await known.access(instance), await later.access(instance)]).toEqual(['session_ended', 'session_ended']);
  }
});

test('a sign-out in a session that the restored database knows nothing of ends its access token everywhere', async () => {
  const ada = await Device.register(one);
  const backup = await takeBackup(one.db);
  const lost = await ada.another();
  // Something to put back, by which the restore is noticed.
  await (await ada.another()).send('/v1/auth/logout', { method: 'POST' });
  await restore(backup);
  expect((await lost.send('/v1/auth/logout', { method: 'POST' })).status).toBe(204);
  expect(await lost.access(one)).toBe('session_ended');
  await catchUp(two);
  expect(await lost.access(two)).toBe('session_ended');
});
