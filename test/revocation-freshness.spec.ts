import { RevocationLogRepository } from '../src/revocation/revocation-log.repository.js';
import { RevocationsSweepJob } from '../src/revocation/revocations-sweep.job.js';
import { Device, send } from './support/device.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { poll } from './support/poll.js';
import { catchUp, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

/** Long enough for a slow machine between two steps of the clock. Seconds. */
const STALENESS = 30;

let one: Service;
/** Its database can be taken away. */
let two: Service;
let proxy: TcpProxy;
const lines: string[] = [];

beforeAll(async () => {
  one = await startService();
  proxy = await startProxy(one.db.url);
  const env = { DATABASE_URL: proxy.url, REVOCATION_MAX_STALENESS: `${STALENESS}s` };
  two = await startService({
    besides: one,
    env,
    extras: { imports: [GuardedRoutesModule] },
    onLog: (line) => lines.push(line),
  });
});
afterEach(async () => {
  proxy.heal();
  await catchUp(two);
});
afterAll(async () => {
  await two.stop();
  await proxy.close();
  await one.stop();
});

/** What a protected route of the second instance says that touches no database. */
const ask = (device: Device) => device.send('/plain', {}, two);

async function readiness(): Promise<Record<string, boolean>> {
  const { body } = await send(two, '/health/ready');
  return Object.fromEntries(body.checks.map((check: { name: string; ok: boolean }) => [check.name, check.ok]));
}

test.each(['cut', 'freeze'] as const)(
  'without a database (%s) it serves from memory up to the limit, then answers 503, never 200 nor 401, and heals',
  async (way) => {
    const [live, ended] = [await Device.register(one), await Device.register(one)];
    await ended.send('/v1/auth/logout', { method: 'POST' });
    await catchUp(two);
    expect([(await ask(live)).status, (await ask(ended)).code]).toEqual([200, 'session_ended']);

    proxy[way]();
    const gone = await Device.register(one);
    await gone.send('/v1/auth/logout', { method: 'POST' });
    await one.advance(STALENESS - 15);
    expect([(await ask(live)).status, (await ask(ended)).code]).toEqual([200, 'session_ended']);

    await one.advance(16);
    for (const device of [live, ended, gone]) {
      const answer = await ask(device);
      expect(answer).toMatchObject({ status: 503, code: 'revocation_unavailable', body: { action: 'retry' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await readiness())['deny-list']).toBe(false);
    expect((await send(two, '/health/live')).status).toBe(200);

    proxy.heal();
    const codes = new Set<string | null>();
    await poll(async () => codes.add((await ask(gone)).code).has('session_ended'));
    expect([...codes].toSorted()).toEqual(
      codes.size === 1 ? ['session_ended'] : ['revocation_unavailable', 'session_ended'],
    );
    expect([(await ask(live)).status, (await ask(ended)).code]).toEqual([200, 'session_ended']);
    await poll(async () => (await readiness())['deny-list'] === true);
  },
);

test('who asks while it is stale and frozen is answered after a second, all at once, not one after the other', async () => {
  const device = await Device.register(one);
  proxy.freeze();
  await one.advance(STALENESS + 1);
  lines.length = 0;
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(device)));
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['revocation_unavailable']));
  // What each of them was refused for; the read itself goes on for three.
  const refusals = lines.filter((line) => line.includes('request failed'));
  expect(refusals.filter((line) => line.includes('no answer within 1000 ms'))).toHaveLength(50);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test.each([3_600, -3_600])('a wall clock that steps by %i s makes it stale until it has looked once', async (step) => {
  const [live, ended] = [await Device.register(one), await Device.register(one)];
  expect((await ask(ended)).status).toBe(200);
  await ended.send('/v1/auth/logout', { method: 'POST' });
  const sync = syncOf(two);
  // Back and forth, so that no token expires: only the instance's own clock, not the database's.
  const clock = (sync as unknown as { clock: { shiftMs: number } }).clock;
  const before = clock.shiftMs;
  clock.shiftMs += step * 1000;
  expect(sync.isFresh()).toBe(false);
  await sync.awaitFresh();
  expect(sync.isFresh()).toBe(true);
  await two.app.get(RevocationsSweepJob, { strict: false }).run();
  clock.shiftMs = before;
  expect(sync.isFresh()).toBe(false);
  expect((await ask(ended)).code).toBe('session_ended');
  expect([(await ask(live)).status, sync.isFresh()]).toEqual([200, true]);
});

/** A promise that is resolved from outside. */
function signal(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

test('a read that began before a request does not count for it, and one read serves all who wait', async () => {
  const device = await Device.register(one);
  expect((await ask(device)).status).toBe(200);
  const repository = two.app.get(RevocationLogRepository, { strict: false });
  const read = repository.readAfter.bind(repository);
  let reads = 0;
  const gate = signal();
  const entered = signal();
  repository.readAfter = async (cursor) => {
    reads += 1;
    const log = await read(cursor);
    if (reads > 1) return log;
    entered.resolve();
    await gate.promise;
    return log;
  };
  const early = syncOf(two).awaitFresh();
  await entered.promise;
  await device.send('/v1/auth/logout', { method: 'POST' });
  await one.advance(STALENESS + 1);
  const pending = Promise.all(Array.from({ length: 20 }, () => ask(device)));
  await poll(() => (syncOf(two) as unknown as { upcoming: unknown }).upcoming !== null);
  gate.resolve();
  await early;
  expect((await pending).map(({ code }) => code)).toEqual(Array(20).fill('session_ended'));
  repository.readAfter = read;
  expect(reads).toBeLessThanOrEqual(3);
});
