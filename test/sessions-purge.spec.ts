import { LastActivityService } from '../src/sessions/last-activity.service.js';
import { SessionsPurgeJob } from '../src/sessions/sessions-purge.job.js';
import { Device, send } from './support/device.js';
import { holdSession } from './support/held-lock.js';
import { startService, type Service } from './support/service.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const RETENTION = 2 * DAY;
const MAX = { brief: DAY, remembered: 90 * DAY };

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { SESSION_RETENTION: `${RETENTION}s` } });
});
afterAll(() => service.stop());

const purge = (at = service) => at.app.get(SessionsPurgeJob).run();

async function exists({ sessionId }: Device): Promise<boolean> {
  return (await service.db.query('select 1 from sessions where id = $1', [sessionId])).length === 1;
}

/** Runs the purge just before and just after the row should go. */
async function expectPurgedAfter(device: Device, seconds: number): Promise<void> {
  await service.advance(seconds - 10);
  await purge();
  expect(await exists(device)).toBe(true);
  await service.advance(20);
  await purge();
  expect(await exists(device)).toBe(false);
  expect((await device.refresh()).code).toBe('refresh_token_invalid');
}

describe('a session is purged a retention after', () => {
  test('its sign-out', async () => {
    const device = await Device.register(service, { remember: true });
    await device.send('/v1/auth/logout', { method: 'POST' });
    await expectPurgedAfter(device, RETENTION);
  });

  test('its end by another device', async () => {
    const by = await Device.register(service, { remember: true });
    const device = await by.another({ remember: true });
    await by.send(`/v1/sessions/${device.sessionId}`, { method: 'DELETE' });
    await expectPurgedAfter(device, RETENTION);
    expect((await by.refresh()).status).toBe(200);
  });

  test('a replay of its refresh token', async () => {
    const device = await Device.register(service, { remember: true });
    const first = device.refreshToken;
    await device.refresh();
    await device.refresh();
    await send(service, '/v1/auth/refresh', { body: { refreshToken: first } });
    await expectPurgedAfter(device, RETENTION);
  });

  test('its absolute end, if nobody ended it: idle', async () => {
    await expectPurgedAfter(await Device.register(service), MAX.brief + RETENTION);
  });

  test('its absolute end, if nobody ended it: signed out everywhere', async () => {
    const device = await Device.register(service);
    await device.send('/v1/auth/logout-all', { method: 'POST' });
    await expectPurgedAfter(device, MAX.brief + RETENTION);
  });

  test('its absolute end, if nobody ended it: of a deleted account', async () => {
    const device = await Device.register(service);
    await device.send('/v1/users/me', { method: 'DELETE' });
    await expectPurgedAfter(device, MAX.brief + RETENTION);
  });
});

test('a live session is never purged, however old it is', async () => {
  const device = await Device.register(service, { remember: true });
  for (let day = 0; day < 88; day += 8) {
    await service.advance(8 * DAY);
    expect((await device.refresh()).status).toBe(200);
    await purge();
    expect(await exists(device)).toBe(true);
  }
  expect((await device.refresh()).status).toBe(200);
});

test('more than one batch goes in one run, and a row that somebody holds goes in the next', async () => {
  const device = await Device.register(service);
  await service.db.query(
    `insert into sessions select (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()))).*
       from sessions s, generate_series(1, 4500) where s.id = $1`,
    [device.sessionId],
  );
  await service.advance(MAX.brief + RETENTION + 10);
  const lock = await holdSession(service.db, device.sessionId);
  await purge().finally(() => lock.release());
  const left = await service.db.query('select id from sessions where user_id = $1', [device.userId]);
  expect(left).toEqual([{ id: device.sessionId }]);
  await purge();
  expect(await exists(device)).toBe(false);
});

test('two instances purge and use sessions at the same time, and nobody fails', async () => {
  const elsewhere = await startService({ besides: service, env: { SESSION_RETENTION: `${RETENTION}s` } });
  try {
    const dead = await Device.register(service);
    await service.advance(MAX.brief + RETENTION + 10);
    const devices = await Promise.all(Array.from({ length: 5 }, () => Device.register(service)));
    await Promise.all(devices.map((device) => device.access()));
    const [, , , ...answers] = await Promise.all([
      purge(),
      purge(elsewhere),
      service.app.get(LastActivityService).write(),
      ...devices.map((device) => device.refresh()),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(devices.map(() => 200));
    await purge();
    expect(await exists(dead)).toBe(false);
    for (const device of devices) expect(await exists(device)).toBe(true);
  } finally {
    await elsewhere.stop();
  }
});
