import { Device } from './support/device.js';
import { holdLock, holdSession } from './support/held-lock.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { DATABASE_POOL_SIZE: '4', SESSIONS_PER_USER: '3' } });
});
afterAll(() => service.stop());

/** Those of `devices` that are still signed in; the two tokens of each must agree. */
async function alive(devices: Device[]): Promise<Device[]> {
  const found: Device[] = [];
  for (const device of devices) {
    const access = await device.access();
    const { code } = await device.refresh();
    expect([access, code]).toEqual(code === null ? [null, null] : ['session_ended', 'session_ended']);
    if (code === null) found.push(device);
  }
  return found;
}

async function listed(device: Device): Promise<string[]> {
  const { items } = (await device.send('/v1/sessions')).body;
  return items.map((item: { id: string }) => item.id).toSorted();
}

test('one device too many ends the one longest unused, and it alone', async () => {
  const first = await Device.register(service);
  await service.advance(60);
  const second = await first.another();
  await service.advance(60);
  const third = await first.another();
  await service.advance(60);
  // Used again, the first one is no longer the one longest unused.
  await first.refresh();
  await service.advance(60);
  const fourth = await first.another();
  expect(await alive([first, second, third, fourth])).toEqual([first, third, fourth]);
});

test('what has ended by itself does not count, and ends nobody', async () => {
  const first = await Device.register(service, { remember: true });
  const brief = [await first.another(), await first.another()];
  await service.advance(13 * 3600);
  await first.refresh();
  const more = [await first.another(), await first.another()];
  expect(await alive([first, ...more])).toHaveLength(3);
  for (const device of brief) expect((await device.refresh()).code).toBe('session_ended');
  const ended = await service.db.query('select 1 from sessions where user_id = $1 and ended_at is not null', [
    first.userId,
  ]);
  expect(ended).toHaveLength(0);
});

test('parallel sign-ins leave exactly as many devices as are allowed, all working', async () => {
  for (let round = 0; round < 4; round++) {
    const owner = await Device.register(service);
    const devices = [owner, ...(await Promise.all(Array.from({ length: 8 }, () => owner.another())))];
    const living = await alive(devices);
    expect(living).toHaveLength(3);
    expect(await listed(living[0]!)).toEqual(living.map((device) => device.sessionId).toSorted());
  }
});

describe('with one device for each person', () => {
  let single: Service;

  beforeAll(async () => {
    single = await startService({ besides: service, env: { DATABASE_POOL_SIZE: '4', SESSIONS_PER_USER: '1' } });
  });
  afterAll(() => single.stop());

  test('a sign-in ends the device before it at once', async () => {
    const first = await Device.register(single);
    const second = await first.another();
    expect(await first.access()).toBe('session_ended');
    expect((await first.refresh()).code).toBe('session_ended');
    expect(await second.access()).toBeNull();
    const { items } = (await second.send('/v1/users/me/activity')).body;
    const told = items.find((item: { type: string }) => item.type === 'session.ended');
    expect(told).toMatchObject({ sessionId: first.sessionId, reason: 'too_many_sessions', byYou: false });
  });

  test('parallel sign-ins leave exactly one, and it works', async () => {
    for (let round = 0; round < 6; round++) {
      const owner = await Device.register(single);
      const devices = [owner, ...(await Promise.all(Array.from({ length: 6 }, () => owner.another())))];
      expect(await alive(devices)).toHaveLength(1);
    }
  });

  test('two sign-ins that see each other do not end one another: one of them stays', async () => {
    await single.db.query(`
      create function pass_gate() returns trigger language plpgsql as
        'begin perform pg_advisory_xact_lock_shared(1); return new; end';
      create trigger gate before insert on sessions for each row execute function pass_gate()`);
    for (let round = 0; round < 3; round++) {
      const before = await Device.register(single);
      const gate = await holdLock(single.db, 'select pg_advisory_xact_lock(1)');
      const pending = Promise.all([before.another(), before.another()]);
      await poll(async () => (await gate.waiting()) === 2);
      // Both sessions are committed before either sign-in can end the device before it.
      const lock = await holdSession(single.db, before.sessionId);
      await gate.release();
      await poll(async () => (await lock.waiting()) === 2);
      await lock.release();
      expect(await alive([before, ...(await pending)])).toHaveLength(1);
    }
    await single.db.query('drop trigger gate on sessions');
  });

  test('the new device stays, even if the one before is used at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      const before = await Device.register(single);
      const [after] = await Promise.all([before.another(), before.refresh(), before.access()]);
      // The one before may have been used a moment later than the sign-in.
      expect(await alive([before, after])).toEqual([after]);
    }
  });

  test('a use of the one before that is later than the sign-in does not save it', async () => {
    const before = await Device.register(single);
    await single.db.query(`update sessions set last_active_at = now() + interval '5 seconds' where id = $1`, [
      before.sessionId,
    ]);
    const after = await before.another();
    expect(await alive([before, after])).toEqual([after]);
  });
});
