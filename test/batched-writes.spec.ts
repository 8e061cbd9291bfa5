import { LastActivityService } from '../src/sessions/last-activity.service.js';
import { SessionsPurgeJob } from '../src/sessions/sessions-purge.job.js';
import { Device } from './support/device.js';
import { endAtOnce, endsOf, manyDevices } from './support/many-sessions.js';
import { startService, type Service } from './support/service.js';

/** BATCHED_ROUNDS=100 for a long look. */
const ROUNDS = Number(process.env.BATCHED_ROUNDS ?? 6);

let services: [Service, Service];

beforeAll(async () => {
  const one = await startService({ env: { DATABASE_POOL_SIZE: '6' } });
  services = [one, await startService({ besides: one, env: { DATABASE_POOL_SIZE: '6' } })];
});
afterAll(async () => {
  await services[1].stop();
  await services[0].stop();
});

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}

async function deadlocks(): Promise<number> {
  const [row] = await services[0].db.query<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  return Number(row?.deadlocks);
}

/** Rows long dead, copies of one that lives, for a purge to take while all else goes on. */
async function leaveDead(device: Device): Promise<void> {
  await device.service.db.query(
    `insert into sessions select (jsonb_populate_record(s, jsonb_build_object(
         'id', gen_random_uuid(), 'ended_at', now() - interval '100 days', 'end_reason', 'test'))).*
       from sessions s, generate_series(1, 300) where s.id = $1`,
    [device.sessionId],
  );
}

/** What an instance does by itself, once a minute. */
async function useAndPurge({ app }: Service, devices: Device[]): Promise<void> {
  const activity = app.get(LastActivityService, { strict: false });
  for (const { sessionId } of shuffled(devices)) activity.note(sessionId);
  const purging = app.get(SessionsPurgeJob, { strict: false }).run();
  for (let write = 0; write < 4; write++) await activity.write();
  await purging;
}

test('ends in groups, uses, refreshes, ends of all others and purges on two instances at once never deadlock and fail nobody', async () => {
  const [one] = services;
  const [first, second] = [await Device.register(one), await Device.register(one)];
  for (let round = 0; round < ROUNDS; round++) {
    const [mine, hers] = [await manyDevices(first, 40), await manyDevices(second, 40)];
    await leaveDead(first);
    const all = [...mine, ...hers];
    // The same sessions on both instances, each time in another order.
    const ends = services.map((service) => endAtOnce(service, shuffled([...mine, ...hers.slice(0, 20)])));
    const answers = [
      ...services.map((service) => second.send('/v1/sessions?except=current', { method: 'DELETE' }, service)),
      first.refresh(),
      second.refresh(second.refreshToken, services[1]),
    ];
    await Promise.all(services.map((service) => useAndPurge(service, all)));
    for (const outcomes of await Promise.all(ends))
      expect(outcomes.filter(({ status }) => status !== 'fulfilled')).toEqual([]);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([204, 204, 200, 200]);
    const ended = all.map(({ sessionId }) => sessionId).toSorted();
    expect(await endsOf(one, all)).toEqual({ rows: ended, log: ended, audit: ended });
  }
  expect(await deadlocks()).toBe(0);
});
