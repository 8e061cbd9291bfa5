import { claimsOf, headerOf } from './support/access-token.js';
import { takeBackup } from './support/backup.js';
import { Device } from './support/device.js';
import { operate, operateJson } from './support/operate.js';
import { startService, type Service } from './support/service.js';

/** A backup is restored while no instance runs, so nobody knows any more what was taken back after it. */
const WHY = '--reason "disk failure"';

let base: Service;
let instance: Service;

let kept: Device;
let ended: Device;
let suspended: Device;
let later: Device;
let tokens: string[];
let lostVersion: number;
let lostEpoch: string;

const epoch = async () => (await base.db.query<{ epoch: string }>('select epoch from revocation_head'))[0]!.epoch;
const start = async () => {
  instance = await startService({ besides: base });
};

beforeAll(async () => {
  base = await startService();
  await base.app.close();
  await start();
  kept = await Device.register(instance);
  ended = await kept.another();
  suspended = await Device.register(instance);
  const backup = await takeBackup(base.db);

  // All this is lost.
  await base.advance(2);
  await operate(base, `session end ${ended.sessionId} ${WHY}`);
  await operate(base, `user suspend ${suspended.email} ${WHY}`);
  await operate(base, `user roles ${kept.email} editor ${WHY}`);
  await kept.refresh();
  lostVersion = claimsOf(kept.accessToken).ver;
  later = await kept.another();
  await operate(base, `key withdraw ${String(headerOf(later.accessToken)['kid'])} ${WHY}`);
  await kept.refresh();
  tokens = [kept, ended, suspended, later].map((device) => device.accessToken);
  lostEpoch = await epoch();
  await instance.stop();

  await backup.restore();
});
afterAll(() => base.stop());

test('while an instance runs, or did a moment ago, it is refused and nothing is changed', async () => {
  const { code, out, err } = await operate(base, `restore finish ${WHY}`);
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^Instances run on this database, or did half a minute ago: \S+\/\d+\. Stop them first/);
  expect(await epoch()).toBe(lostEpoch);
});

test('without a reason nothing is done', async () => {
  expect(await operate(base, 'restore finish')).toMatchObject({ code: 2, out: '' });
});

test.each([
  ['the keys are withdrawn', 'update on signing_keys'],
  ['everyone is signed out', 'update on applications'],
  ['it is written into the audit', 'insert on audit_events'],
  ['the new log begins', 'update on revocation_head'],
  ['its first lines are written', 'insert on revocations'],
])('when it fails as %s, nothing was done; it is run again', async (_, step) => {
  await base.db.query('delete from instances');
  const state = async () =>
    Promise.all(
      ['signing_keys', 'applications', 'audit_events', 'revocation_head', 'revocations'].map((table) =>
        base.db.query(`select * from ${table} order by 1`),
      ),
    );
  const before = await state();
  await base.db.query(
    `create function broken() returns trigger language plpgsql as 'begin raise exception ''disk full''; end';
     create trigger broken before ${step} for each row execute function broken()`,
  );
  expect((await operate(base, `restore finish ${WHY}`)).code).not.toBe(0);
  await base.db.query('drop function broken() cascade');
  expect(await state()).toEqual(before);
});

test('finished: it says until when the backup knows, and what is to be done by hand', async () => {
  await base.advance(31);
  const { code, out, err } = await operate(base, `restore finish ${WHY}`);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(
    /^Everyone is signed out of account, and can sign in again\.\n2 signing keys of the backup withdrawn; /,
  );
  expect(out).toMatch(/\nThe backup ends at \d{4}-.*Z\. Do again what was done after it: suspensions, /);
  expect(await epoch()).not.toBe(lostEpoch);
  expect(await base.db.query(`select reason from audit_events where type = 'restore.finished'`)).toEqual([
    { reason: 'disk failure' },
  ]);
  await start();
});

test('nothing that was revoked after the backup comes back: no access token, no refresh token, of before or after it', async () => {
  for (const [place, device] of [kept, ended, suspended, later].entries()) {
    const answer = await device.send('/v1/users/me', { token: tokens[place]! }, instance);
    expect([401, 403]).toContain(answer.status);
  }
  expect((await kept.refresh(undefined, instance)).code).toBe('session_ended');
  expect((await ended.refresh(undefined, instance)).code).toBe('session_ended');
  expect((await suspended.refresh(undefined, instance)).code).toBe('session_ended');
  // Nobody knows its session any more.
  expect((await later.refresh(undefined, instance)).code).toBe('refresh_token_invalid');
});

test('everyone signs in again, with keys that were never withdrawn and versions that were never handed out', async () => {
  const device = await kept.another({}, instance);
  expect(await device.access(instance)).toBeNull();
  const withdrawn = new Set(tokens.map((token) => headerOf(token)['kid']));
  expect(withdrawn).not.toContain(headerOf(device.accessToken)['kid']);
  await operate(base, `user roles ${kept.email} auditor ${WHY}`);
  await device.refresh(undefined, instance);
  expect(claimsOf(device.accessToken).ver).toBeGreaterThan(lostVersion);
  expect(claimsOf(device.accessToken).aver).toBeGreaterThan(claimsOf(tokens[0]!).aver);
});

test('it may be done again, and refuses while the clock is behind what the database knows', async () => {
  await instance.stop();
  await base.advance(31);
  expect(await operateJson(base, `restore finish ${WHY}`)).toMatchObject({ applications: ['account'], withdrawn: 2 });
  await base.db.query('delete from instances');
  await base.advance(-3600);
  expect(await operate(base, `restore finish ${WHY}`)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^The clock of the database says .* Set the clock right first\./),
  });
});
