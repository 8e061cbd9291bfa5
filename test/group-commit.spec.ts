import fc from 'fast-check';
import { AccountEvents } from '../src/users/account-events.js';
import { Device, send, type Answer } from './support/device.js';
import { holdLock, holdSession } from './support/held-lock.js';
import { endAtOnce, endsOf, manyDevices } from './support/many-sessions.js';
import { poll } from './support/poll.js';
import { syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let elsewhere: Service;
let owner: Device;
let stranger: Device;

beforeAll(async () => {
  // Fewer connections than callers.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
  elsewhere = await startService({ besides: service, env: { DATABASE_POOL_SIZE: '4' } });
  owner = await Device.register(service);
  stranger = await Device.register(service);
});
afterAll(async () => {
  await elsewhere.stop();
  await service.stop();
});

const idsOf = (devices: Device[]) => devices.map(({ sessionId }) => sessionId).toSorted();
const holdHead = () => holdLock(service.db, 'select 1 from revocation_head for update');

/** How many transactions wrote the log rows of these sessions. */
async function transactionsOf(devices: Device[]): Promise<number> {
  const rows = await service.db.query('select distinct xmin::text from revocations where subject = any($1)', [
    idsOf(devices),
  ]);
  return rows.length;
}

test('who asks while a revocation is being committed shares the next transaction; the first waits for nobody', async () => {
  const devices = await manyDevices(owner, 40);
  const lock = await holdHead();
  const ends = endAtOnce(service, devices);
  await poll(async () => (await lock.waiting()) === 1);
  // The lock is the first one's: nobody else has begun.
  expect((await endsOf(service, devices)).rows).toEqual([]);
  await lock.release();
  expect(await ends).toEqual(devices.map(() => ({ status: 'fulfilled', value: true })));
  expect(await transactionsOf(devices)).toBe(2);
  expect(await transactionsOf(devices.slice(0, 1))).toBe(1);
});

test('the same session asked for many times at once ends once, and all who ask are answered as if one after the other', async () => {
  const [device, other] = await manyDevices(owner, 2);
  const ends = await endAtOnce(service, [other!, ...Array.from({ length: 8 }, () => device!)]);
  const ended = ends.map((end) => end.status === 'fulfilled' && end.value);
  expect(ended.filter(Boolean)).toHaveLength(2);
  expect(await endsOf(service, [device!])).toEqual({
    rows: [device!.sessionId],
    log: [device!.sessionId],
    audit: [device!.sessionId],
  });
});

test('a session whose row somebody holds keeps nobody waiting: it ends when it can, or is refused alone after two seconds', async () => {
  const devices = await manyDevices(owner, 12);
  const [patient, refused, ...others] = devices as [Device, Device, ...Device[]];
  const [brief, long] = [
    await holdSession(service.db, patient.sessionId),
    await holdSession(service.db, refused.sessionId),
  ];
  const pending = [endAtOnce(service, [patient]), endAtOnce(service, [refused])];
  expect(await endAtOnce(service, others)).toEqual(others.map(() => ({ status: 'fulfilled', value: true })));
  await brief.release();
  expect(await pending[0]).toEqual([{ status: 'fulfilled', value: true }]);
  expect(await pending[1]).toMatchObject([{ status: 'rejected' }]);
  await long.release();
  expect((await endsOf(service, devices)).rows).toEqual(idsOf([patient, ...others]));
  expect(await refused.access()).toBeNull();
});

test('a module that reacts to an end may fail: only that end fails', async () => {
  const devices = await manyDevices(owner, 12);
  const unlucky = devices[5]!;
  const own = await startService({ besides: service });
  own.app.get(AccountEvents, { strict: false }).on('sessionEnded', async (_tx, { sessionId }) => {
    if (sessionId === unlucky.sessionId) throw new Error('the handler of a module failed');
  });
  const answers = await Promise.all(devices.map((device) => device.send('/v1/auth/logout', { method: 'POST' }, own)));
  expect(answers.map(({ status }) => status)).toEqual(devices.map((device) => (device === unlucky ? 500 : 204)));
  const ended = idsOf(devices.filter((device) => device !== unlucky));
  expect(await endsOf(service, devices)).toEqual({ rows: ended, log: ended, audit: ended });
  await own.stop();
});

describe('whatever is asked for at once, on two instances', () => {
  /** Which device, on which instance, how: by its own sign-out, by another device of its owner, or by a stranger's. */
  const call = fc.record({
    place: fc.nat(7),
    here: fc.boolean(),
    by: fc.constantFrom('itself' as const, 'owner' as const, 'stranger' as const, 'nobody' as const),
  });

  test('no row ends without its line in log and audit, none of these is without it, and 204 means refused at once', async () => {
    const property = fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 24 }), async (calls) => {
      const devices = await manyDevices(owner, 8);
      const ask = async ({ place, here, by }: (typeof calls)[number]): Promise<Answer> => {
        const [device, at] = [devices[place]!, here ? service : elsewhere];
        const path = `/v1/sessions/${device.sessionId.toUpperCase()}`;
        if (by === 'itself') return device.send('/v1/auth/logout', { method: 'POST' }, at);
        if (by === 'nobody') return send(at, path, { method: 'DELETE' });
        return (by === 'owner' ? owner : stranger).send(path, { method: 'DELETE' }, at);
      };
      const answers = await Promise.all(
        calls.map(async (each) => {
          const answer = await ask(each);
          const { index } = syncOf(each.here ? service : elsewhere);
          return { ...each, answer, refused: index.session.has(devices[each.place]!.sessionId) };
        }),
      );
      for (const { by, answer, refused } of answers) {
        if (by === 'nobody') expect(answer.status).toBe(401);
        else if (by === 'stranger') expect(answer.status).toBe(404);
        else expect([204, 401, 404]).toContain(answer.status);
        if (answer.status === 204) expect(refused).toBe(true);
      }
      const own = answers.filter(({ by }) => by === 'itself' || by === 'owner');
      const ended = idsOf([...new Set(own.map(({ place }) => devices[place]!))]);
      expect(await endsOf(service, devices)).toEqual({ rows: ended, log: ended, audit: ended });
    });
    await fc.assert(property, { numRuns: 25 });
  });
});
