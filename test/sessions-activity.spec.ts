import { Clock } from '../src/common/clock.js';
import { LastActivityService } from '../src/sessions/last-activity.service.js';
import { readPage } from './docs-pages.js';
import { Device } from './support/device.js';
import { holdLock, holdSession } from './support/held-lock.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

let service: Service;
let elsewhere: Service;

beforeAll(async () => {
  service = await startService({ env: { DATABASE_POOL_SIZE: '6' } });
  elsewhere = await startService({ besides: service, env: { DATABASE_POOL_SIZE: '4' } });
});
afterAll(async () => {
  await elsewhere.stop();
  await service.stop();
});

const write = (at = service) => at.app.get(LastActivityService).write();
const clock = () => service.app.get(Clock).now();

interface Listed {
  id: string;
  lastActiveAt: string;
  idleExpiresAt: string;
}

async function list(by: Device, at = service): Promise<Listed[]> {
  return (await by.send('/v1/sessions', {}, at)).body.items;
}

async function writtenAt({ sessionId }: Device): Promise<number> {
  return Date.parse((await sessionRow(service, sessionId)).last_active_at!);
}

test('a use is shown at once, before it is written', async () => {
  const device = await Device.register(service);
  const signedInAt = await writtenAt(device);
  await service.advance(300);
  const before = clock();
  const [shown] = await list(device);
  expect(Date.parse(shown!.lastActiveAt)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(shown!.lastActiveAt)).toBeLessThanOrEqual(clock());
  expect(Date.parse(shown!.idleExpiresAt)).toBe(Date.parse(shown!.lastActiveAt) + service.config.sessionIdle * 1000);
  expect(await writtenAt(device)).toBe(signedInAt);
});

test('a use is written as the moment it was, not as the moment of writing', async () => {
  const device = await Device.register(service);
  await service.advance(100);
  const from = clock();
  await device.access();
  const to = clock();
  await service.advance(50);
  await write();
  // The clock of the service and that of the database are the same machine's; some milliseconds are between them.
  expect(await writtenAt(device)).toBeGreaterThanOrEqual(from - 1_000);
  expect(await writtenAt(device)).toBeLessThanOrEqual(to + 1_000);
});

test('what one instance wrote, the other shows', async () => {
  const device = await Device.register(service);
  const other = await device.another();
  await service.advance(300);
  await device.access();
  await write();
  const shown = (await list(other, elsewhere)).find(({ id }) => id === device.sessionId);
  expect(Math.abs(Date.parse(shown!.lastActiveAt) - clock())).toBeLessThan(3_000);
});

test('the device used last comes first, also while that is not written', async () => {
  const first = await Device.register(service);
  await service.advance(60);
  const second = await first.another();
  await service.advance(60);
  await first.access();
  const items = await list(first);
  expect(items.map(({ id }) => id)).toEqual([first.sessionId, second.sessionId]);
  const times = items.map(({ lastActiveAt }) => lastActiveAt);
  expect(times).toEqual(times.toSorted().toReversed());
});

test('an older word never takes back a later use', async () => {
  const device = await Device.register(service);
  await service.advance(60);
  await device.access();
  await service.advance(60);
  await device.refresh();
  const refreshedAt = await writtenAt(device);
  await write();
  expect(await writtenAt(device)).toBe(refreshedAt);
});

test('a clock that was set back writes no use that is yet to come', async () => {
  const device = await Device.register(service);
  const instance = service.app.get(Clock);
  const now = instance.now.bind(instance);
  await device.access();
  instance.now = () => now() - 3_600_000;
  await write();
  instance.now = now;
  expect(await writtenAt(device)).toBeLessThanOrEqual(clock() + 1_000);
});

test('a session that has ended is not touched', async () => {
  const device = await Device.register(service);
  await service.advance(60);
  await device.access();
  await device.send('/v1/auth/logout', { method: 'POST' });
  const ended = await sessionRow(service, device.sessionId);
  await write();
  expect(await sessionRow(service, device.sessionId)).toEqual(ended);
});

test('a row that somebody else holds is left for the next time, and the others are written', async () => {
  const held = await Device.register(service);
  const free = await Device.register(service);
  await service.advance(60);
  const from = clock();
  await Promise.all([held.access(), free.access()]);
  const lock = await holdSession(service.db, held.sessionId);
  await write();
  await lock.release();
  expect(await writtenAt(free)).toBeGreaterThan(from - 1_000);
  expect(await writtenAt(held)).toBeLessThan(from - 1_000);
  await write();
  expect(await writtenAt(held)).toBeGreaterThan(from - 1_000);
});

test('what cannot be written is kept and written later', async () => {
  const device = await Device.register(service);
  await service.advance(60);
  const from = clock();
  await device.access();
  const lock = await holdLock(service.db, 'lock table sessions in access exclusive mode');
  // It waits for the lock as long as it may, and gives up.
  await write().finally(() => lock.release());
  expect(await writtenAt(device)).toBeLessThan(from - 1_000);
  await service.advance(600);
  await write();
  expect(await writtenAt(device)).toBeGreaterThan(from - 1_000);
});

test('what was collected is written once a minute, as the page of operations says', () => {
  const interval: unknown = Reflect.getMetadata('SCHEDULE_INTERVAL_OPTIONS', LastActivityService.prototype.write);
  expect(interval).toEqual({ timeout: 60_000 });
  const { text } = readPage('docs/operations.md');
  expect(text).toContain('**When sessions were last used** is written once a minute, and when the instance stops');
});

test('an instance that stops writes what it has collected', async () => {
  const device = await Device.register(service);
  await service.advance(60);
  const from = clock();
  const third = await startService({ besides: service });
  expect(await device.access(third)).toBeNull();
  await third.stop();
  expect(await writtenAt(device)).toBeGreaterThan(from - 1_000);
});

test('writing against refreshes and ends on two instances fails nobody and loses nothing', async () => {
  const owner = await Device.register(service);
  for (let round = 0; round < 4; round++) {
    const devices = await Promise.all(Array.from({ length: 6 }, () => owner.another()));
    await service.advance(60);
    const from = clock();
    for (const at of [service, elsewhere]) await Promise.all([owner, ...devices].map((device) => device.access(at)));
    const [kept, ended] = [devices.slice(0, 4), devices.slice(4)];
    const answers = await Promise.all([
      ...[service, elsewhere, service, elsewhere].map((at) => write(at).then(() => null)),
      ...kept.map((device, index) => device.refresh(device.refreshToken, index % 2 ? service : elsewhere)),
      ...ended.map(({ sessionId }) => owner.send(`/v1/sessions/${sessionId}`, { method: 'DELETE' })),
    ]);
    for (const answer of answers) expect([200, 204, undefined]).toContain(answer?.status);
    await Promise.all([write(), write(elsewhere)]);
    for (const device of [owner, ...kept]) expect(await writtenAt(device)).toBeGreaterThan(from - 1_000);
    for (const device of kept) expect((await device.refresh()).status).toBe(200);
    for (const device of ended) expect((await device.refresh()).code).toBe('session_ended');
    await owner.send('/v1/sessions?except=current', { method: 'DELETE' });
  }
});
