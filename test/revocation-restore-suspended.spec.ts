import { AccountAdministrationService } from '../src/users/account-administration.service.js';
import { addApplication, administrationOf, registerAt } from './support/applications.js';
import { takeBackup } from './support/backup.js';
import { Device } from './support/device.js';
import { poll } from './support/poll.js';
import { catchUp, revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** A backup is restored under two running instances: what becomes of those who had been suspended, and let in again. */
let one: Service;
let two: Service;

beforeEach(async () => {
  one = await startService();
  two = await startService({ besides: one });
});
afterEach(async () => {
  await two.stop();
  await one.stop();
});

const act = { actor: 'operator:test', reason: 'test' };
const accounts = () => one.app.get(AccountAdministrationService, { strict: false });
const epoch = async () => (await one.db.query<{ epoch: string }>('select epoch from revocation_head'))[0]!.epoch;

async function restore(backup: { restore(): Promise<void> }): Promise<void> {
  const before = await epoch();
  await backup.restore();
  await poll(async () => (await epoch()) !== before);
  await Promise.all([one, two].map(catchUp));
}

test('what the backup says was taken away stays so, though it was given back since', async () => {
  const device = await Device.register(one);
  await accounts().suspend(device.userId, act);
  const backup = await takeBackup(one.db);
  await accounts().restore(device.userId, act);
  await device.login();
  await catchUp(two);
  expect(await device.access(two)).toBe(null);
  await restore(backup);
  expect(await device.login()).toMatchObject({ code: 'account_suspended' });
  for (const instance of [one, two]) expect(await device.access(instance)).toBe('account_suspended');
});

test('a lifted suspension is put back as what it was, and counts for nothing else', async () => {
  const device = await Device.register(one);
  const backup = await takeBackup(one.db);
  await revoke(one, { kind: 'user', subject: device.userId, suspended: true });
  await revoke(one, { kind: 'user', subject: device.userId, suspended: false });
  await catchUp(two);
  await restore(backup);
  expect(await device.access(two)).toBe(null);
});

test('a suspension that is put back refuses and ends what was issued meanwhile, in whatever version', async () => {
  const device = await Device.register(one);
  const backup = await takeBackup(one.db);
  await accounts().suspend(device.userId, act);
  await catchUp(two);

  // Nothing can be put back before a sign-in in a version that the suspension knew nothing of.
  await one.db.query(`alter table revocation_head add constraint frozen check (epoch = '${await epoch()}')`);
  await backup.restore('update users set token_version = token_version + 86400000');
  expect((await device.login()).status).toBe(200);
  await one.db.query('alter table revocation_head drop constraint frozen');
  await Promise.all([one, two].map(catchUp));

  for (const instance of [one, two]) expect(await device.access(instance)).toBe('account_suspended');
  const lines = () => one.db.query('select 1 from revocations where subject = $1', [device.userId]);
  expect([await lines(), syncOf(two).index.user.find(device.userId)]).toMatchObject([[{}], { suspended: true }]);
  await accounts().restore(device.userId, act);
  expect((await device.refresh()).code).toBe('session_ended');
});

test('an application that the backup says is disabled stays so, though it was enabled since', async () => {
  const shop = await addApplication(one);
  const applications = administrationOf(one);
  await applications.disable(shop, act);
  const backup = await takeBackup(one.db);
  await applications.enable(shop, act);
  const device = await registerAt(one, shop);
  await catchUp(two);
  const access = async (instance: Service) => (await device.send('/v1/sessions/current', {}, instance)).code;
  await poll(async () => (await access(two)) === null);
  await restore(backup);
  for (const instance of [one, two]) expect(await access(instance)).toBe('application_disabled');
});
