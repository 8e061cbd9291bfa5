import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { addApplication, administrationOf, applicationsOf, registerAt } from './support/applications.js';
import { Device, send } from './support/device.js';
import { openEvents } from './support/events.js';
import { ACT } from './support/operator.js';
import { pauseAfterPasswordCheck } from './support/password-pause.js';
import { poll } from './support/poll.js';
import { catchUp, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;
let shop: string;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});
beforeEach(async () => {
  shop = await addApplication(one);
  await applicationsOf(two).load();
});

/** What both instances say, the second one once it has read the log. */
async function access(device: Device): Promise<(string | null)[]> {
  await catchUp(two);
  const answers = [one, two].map((instance) => device.send('/v1/sessions/current', {}, instance));
  return (await Promise.all(answers)).map(({ code }) => code);
}

const refresh = (device: Device) => device.refresh(undefined, two);

test('its sessions and no others end, on every instance, and once enabled they stay ended', async () => {
  const [mine, other] = [await registerAt(one, shop), await Device.register(one)];
  await administrationOf(one).disable(shop, ACT);
  expect(await access(mine)).toEqual(['application_disabled', 'application_disabled']);
  expect(await access(other)).toEqual([null, null]);
  expect(await refresh(mine)).toMatchObject({ status: 403, code: 'application_disabled' });

  await administrationOf(two).enable(shop, ACT);
  await Promise.all([catchUp(one), catchUp(two)]);
  expect(await access(mine)).toEqual(['token_outdated', 'token_outdated']);
  expect(await refresh(mine)).toMatchObject({ status: 401, code: 'session_ended' });
  expect((await mine.login({ applicationId: shop })).status).toBe(200);
  expect(await access(mine)).toEqual([null, null]);
});

test('signing in to it: only after the right password is it told that the application is disabled', async () => {
  const mine = await registerAt(one, shop);
  await administrationOf(one).disable(shop, ACT);
  for (const instance of [one, two]) {
    const login = (password: string) =>
      send(instance, '/v1/auth/login', { body: { email: mine.email, password, applicationId: shop } });
    expect(await login('not the password')).toMatchObject({ status: 401, code: 'credentials_invalid' });
    expect(await login(mine.password)).toMatchObject({ status: 403, code: 'application_disabled' });
  }
  expect((await mine.login()).status).toBe(200);
});

test('registering at it makes no account', async () => {
  await administrationOf(one).disable(shop, ACT);
  const [{ count: before }] = (await one.db.query('select count(*) from users')) as [{ count: string }];
  await expect(registerAt(two, shop)).rejects.toThrow('application_disabled');
  expect(await one.db.query('select count(*) from users')).toEqual([{ count: before }]);
});

test('a sign-in that races it leaves nothing that works', async () => {
  const mine = await registerAt(one, shop);
  for (let round = 0; round < 5; round++) {
    const signIns = Array.from({ length: 4 }, (_, i) => mine.another({ applicationId: shop }, i % 2 ? one : two));
    const [, ...devices] = await Promise.allSettled([administrationOf(one).disable(shop, ACT), ...signIns]);
    for (const settled of devices) {
      if (settled.status === 'rejected') expect(String(settled.reason)).toContain('application_disabled');
      else expect(await access(settled.value)).toEqual(['application_disabled', 'application_disabled']);
    }
    await administrationOf(one).enable(shop, ACT);
    for (const settled of devices) {
      if (settled.status === 'fulfilled') expect((await refresh(settled.value)).code).toBe('session_ended');
    }
  }
});

test('a sign-in whose password was checked before is told so, and makes no session', async () => {
  const mine = await registerAt(one, shop);
  const { checked, goOn } = pauseAfterPasswordCheck(one);
  const pending = mine.login({ applicationId: shop });
  await checked;
  await administrationOf(two).disable(shop, ACT);
  goOn();
  expect(await pending).toMatchObject({ status: 403, code: 'application_disabled' });
  expect(await one.db.query('select 1 from sessions where user_id = $1', [mine.userId])).toHaveLength(1);
});

test('an open stream of its sessions is told at once, on another instance too', async () => {
  const mine = await registerAt(one, shop);
  await access(mine);
  const stream = await openEvents(two, mine.accessToken);
  await stream.until('ready');
  await administrationOf(one).disable(shop, ACT);
  expect(await stream.until('ended')).toMatchObject({ data: { code: 'application_disabled' } });
});

test('its line never goes, whether it says disabled or enabled, and each raises the version', async () => {
  const versions: number[] = [];
  for (const act of ['disable', 'enable', 'disable', 'enable'] as const) {
    await administrationOf(one)[act](shop, ACT);
    await catchUp(two);
    const line = syncOf(two).index.application.find(shop)!;
    expect(line).toMatchObject({ suspended: act === 'disable', expiresAt: Infinity });
    versions.push(line.minVersion);
  }
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  const [row] = await one.db.query('select token_version, sessions_floor from applications where id = $1', [shop]);
  // Being enabled ends nothing more.
  expect(row).toEqual({ token_version: String(versions[3]), sessions_floor: String(versions[2]) });
});

test('an instance that starts later reads the last word, long after every token has run out', async () => {
  const enabled = await addApplication(one);
  for (const id of [shop, enabled]) await administrationOf(one).disable(id, ACT);
  await administrationOf(one).enable(enabled, ACT);
  await one.advance(86_400);
  const three = await startService({ besides: one });
  try {
    expect(syncOf(three).index.application.find(shop)?.suspended).toBe(true);
    expect((await three.app.get(ApplicationSignOutService, { strict: false }).signOutEveryone(ACT)).length).toBe(
      ((await one.db.query('select from applications')) as unknown[]).length,
    );
    expect(syncOf(three).index.application.find(shop)?.suspended).toBe(true);
    const fresh = await registerAt(three, enabled);
    expect((await fresh.send('/v1/sessions/current', {}, three)).code).toBeNull();
  } finally {
    await three.stop();
  }
});

test('its pages may read no answer any more', async () => {
  const origin = 'https://disabled.example.test';
  const other = await addApplication(one, { origins: [origin] });
  const allowed = async () =>
    (await send(one, '/health/live', { headers: { origin } })).headers.get('access-control-allow-origin');
  expect(await allowed()).toBe(origin);
  await administrationOf(one).disable(other, ACT);
  expect(await allowed()).toBeNull();
  await administrationOf(one).enable(other, ACT);
  expect(await allowed()).toBe(origin);
});

test('whose pages they were is told in the log', async () => {
  const lines: string[] = [];
  const three = await startService({ besides: one, onLog: (line) => lines.push(line) });
  try {
    const origin = 'https://closed.example.test';
    const other = await addApplication(three, { origins: [origin] });
    await administrationOf(three).disable(other, ACT);
    await send(three, '/health/live', { headers: { origin } });
    await poll(() => lines.some((line) => line.includes(origin) && line.includes(`\\"${other}\\"`)));
  } finally {
    await three.stop();
  }
});
