import { LastActivityService } from '../src/sessions/last-activity.service.js';
import type { ApplicationChange } from '../src/applications/application-settings.js';
import { claimsOf } from './support/access-token.js';
import { addApplication, administrationOf, applicationsOf, registerAt } from './support/applications.js';
import { Device } from './support/device.js';
import { openEvents } from './support/events.js';
import { ACT } from './support/operator.js';
import { sessionRow } from './support/session-row.js';
import { startService, type Service } from './support/service.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let one: Service;
let two: Service;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const change = (id: string, what: ApplicationChange) => administrationOf(one).update(id, what, ACT);
const endsOf = (body: { session: { expiresAt: string; idleExpiresAt: string } }) => body.session;
/** Seconds from now, by the database's clock. */
const untilOf = (time: string, now: number) => Math.round(Date.parse(time) / 1000 - now);

const LIMITS = {
  sessionIdle: HOUR,
  sessionMax: 3 * HOUR,
  sessionIdleRemembered: 2 * HOUR,
  sessionMaxRemembered: 4 * HOUR,
};

describe.each([
  ['not remembered', false, HOUR, 3 * HOUR],
  ['remembered', true, 2 * HOUR, 4 * HOUR],
])('a session of an application with limits of its own, %s', (_, remember, idle, max) => {
  test('ends when it lies unused for so long, and at the absolute end however much it is used', async () => {
    const shop = await addApplication(one, LIMITS);
    await applicationsOf(two).load();
    const [unused, used] = [await registerAt(one, shop, { remember }), await registerAt(two, shop, { remember })];
    const account = await used.another();
    await one.advance(idle - 5);
    expect((await used.refresh()).status).toBe(200);
    await one.advance(6);
    expect((await unused.refresh()).code).toBe('session_ended');
    for (let passed = idle + 1; passed + idle / 2 < max; passed += idle / 2) {
      await one.advance(idle / 2);
      expect((await used.refresh(undefined, two)).status).toBe(200);
    }
    await one.advance(idle / 2);
    expect((await used.refresh()).code).toBe('session_ended');
    expect((await account.refresh()).status).toBe(200);
  });

  test('says so where it is signed in, refreshed, listed and told of', async () => {
    const shop = await addApplication(one, LIMITS);
    const device = await registerAt(one, shop, { remember });
    const { iat } = claimsOf(device.accessToken);
    const current = (await device.send('/v1/sessions/current')).body;
    const refreshed = endsOf((await device.refresh()).body);
    const account = await device.another();
    const listed = (await account.send('/v1/sessions')).body.items.find(
      ({ id }: { id: string }) => id === device.sessionId,
    );
    for (const { expiresAt, idleExpiresAt } of [current, refreshed, listed]) {
      expect(untilOf(expiresAt, iat)).toBeGreaterThanOrEqual(max - 1);
      expect(untilOf(expiresAt, iat)).toBeLessThanOrEqual(max + 5);
      expect(untilOf(idleExpiresAt, iat)).toBeGreaterThanOrEqual(idle - 1);
      expect(untilOf(idleExpiresAt, iat)).toBeLessThanOrEqual(idle + 5);
    }
  });
});

test('how long it may lie unused holds for living sessions at once, lowered or raised, on every instance', async () => {
  const shop = await addApplication(one, { sessionIdle: 2 * HOUR });
  await applicationsOf(two).load();
  const [first, second] = [await registerAt(one, shop), await registerAt(one, shop)];
  await one.advance(HOUR);
  await change(shop, { sessionIdle: 3 * HOUR, sessionMax: 12 * HOUR });
  await one.advance(1.5 * HOUR);
  // By an instance that has not heard of the change.
  expect((await first.refresh(undefined, two)).status).toBe(200);
  await change(shop, { sessionIdle: 2 * HOUR });
  expect((await second.refresh(undefined, two)).code).toBe('session_ended');
  expect((await first.refresh(undefined, two)).status).toBe(200);
});

test('how long it lasts at most is fixed at sign-in: a change holds for the next one', async () => {
  const shop = await addApplication(one, { sessionIdle: HOUR, sessionMax: 2 * HOUR });
  const before = await registerAt(one, shop);
  const { expires_at: end } = await sessionRow(one, before.sessionId);
  await change(shop, { sessionMax: 10 * HOUR });
  const after = await registerAt(one, shop);
  expect((await sessionRow(one, before.sessionId)).expires_at).toBe(end);
  const { expires_at: later, created_at: start } = await sessionRow(one, after.sessionId);
  expect(Date.parse(later!) - Date.parse(start!)).toBe(10 * HOUR * 1000);
  await change(shop, { sessionMax: HOUR });
  expect((await sessionRow(one, after.sessionId)).expires_at).toBe(later);
});

test('use of an access token is written by the limit of its application, and revives no session that it ended', async () => {
  const shop = await addApplication(one, { sessionIdle: HOUR });
  const device = await registerAt(one, shop);
  await change(shop, { sessionIdle: 13 * HOUR });
  await one.advance(12.5 * HOUR);
  const activity = one.app.get(LastActivityService, { strict: false });
  activity.note(device.sessionId);
  await activity.write();
  await one.advance(12.5 * HOUR);
  expect((await device.refresh()).code).toBe('session_ended');
  const other = await registerAt(one, shop);
  await one.advance(12 * HOUR);
  activity.note(other.sessionId);
  await activity.write();
  await one.advance(6 * HOUR);
  expect((await other.refresh()).status).toBe(200);
  await change(shop, { sessionIdle: HOUR });
  await one.advance(2 * HOUR);
  activity.note(other.sessionId);
  await activity.write();
  await change(shop, { sessionIdle: 13 * HOUR });
  await one.advance(11 * HOUR + 5);
  expect((await other.refresh()).code).toBe('session_ended');
});

test('an access token lives as its application says, from the next one on, and never past the end of its session', async () => {
  const shop = await addApplication(one, { accessTokenTtl: 300, sessionIdle: 10 * MINUTE, sessionMax: 10 * MINUTE });
  await applicationsOf(two).load();
  const device = await registerAt(one, shop);
  const lifeOf = ({ accessToken }: Device) => claimsOf(accessToken).exp - claimsOf(accessToken).iat;
  expect(lifeOf(device)).toBe(300);
  await change(shop, { accessTokenTtl: 120 });
  // By an instance that has not heard of the change.
  const answer = await device.refresh(undefined, two);
  expect([answer.body.expiresIn, lifeOf(device)]).toEqual([120, 120]);
  await one.advance(9 * MINUTE);
  await device.refresh();
  const { expires_at: end } = await sessionRow(one, device.sessionId);
  expect(lifeOf(device)).toBeLessThanOrEqual(60);
  expect(claimsOf(device.accessToken).exp).toBe(Math.floor(Date.parse(end!) / 1000));
  expect(lifeOf(await Device.register(one))).toBe(600);
});

test('a session that its own limit ends closes its stream of events, saying that it expired', async () => {
  const shop = await addApplication(one, { accessTokenTtl: 60, sessionIdle: 10 * MINUTE });
  const device = await registerAt(one, shop);
  const stream = await openEvents(one, device.accessToken);
  await stream.until('ready');
  await one.advance(11 * MINUTE);
  expect(await stream.until('ended')).toMatchObject({ data: { reason: 'expired' } });
});
