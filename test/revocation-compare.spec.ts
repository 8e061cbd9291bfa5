import { jest } from '@jest/globals';
import { RevocationIndex } from '@portcullis/verifier';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { FeedHistory } from '../src/feed/feed-history.service.js';
import { FullCompare } from '../src/revocation/full-compare.js';
import { RevocationHints } from '../src/revocation/revocation-hints.js';
import { Device } from './support/device.js';
import { askFeed, newBackend, readFeed, type FeedReader } from './support/feed.js';
import { poll } from './support/poll.js';
import { catchUp, revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** What follows the log line by line is compared as a whole, in case a line was lost on either side. */
let one: Service;
let two: Service;
const lines: string[] = [];

beforeEach(async () => {
  lines.length = 0;
  one = await startService();
  two = await startService({ besides: one, onLog: (line) => lines.push(line) });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await two.stop();
  await one.stop();
});

const compare = (service: Service) => service.app.get(FullCompare, { strict: false }).run();
const alarms = () => lines.filter((line) => line.includes('differed'));
const forget = (service: Service) => Object.assign(syncOf(service), { index: new RevocationIndex() });
const NONE = { fromMemory: 0, fromTable: 0 };

test('a line that memory has lost is found and refused again', async () => {
  const [ended, other] = [await Device.register(one), await Device.register(one)];
  await ended.send('/v1/auth/logout', { method: 'POST' });
  await other.send('/v1/auth/logout-all', { method: 'POST' });
  await catchUp(two);
  forget(two);
  expect(await ended.access(two)).toBe(null);
  expect(await compare(two)).toEqual({ fromMemory: 2, fromTable: 0 });
  expect([await ended.access(two), await other.access(two)]).toEqual(['session_ended', 'token_outdated']);
  expect(alarms()).toHaveLength(1);
  expect(await compare(two)).toEqual(NONE);
});

describe('what memory had lost is told to applications that follow, though they are past its place', () => {
  const subjectsOf = (items: { subject: string }[] = []) => items.map(({ subject }) => subject);

  /** What is told up to and with `last`. */
  async function newsUntil(feed: FeedReader, last: string): Promise<{ subjects: string[]; ids: (string | null)[] }> {
    const news = { subjects: [] as string[], ids: [] as (string | null)[] };
    for (let event = await feed.next(); event && !news.subjects.includes(last); event = await feed.next()) {
      if (event.event === 'heartbeat') continue;
      news.subjects.push(...subjectsOf(event.data.items));
      news.ids.push(event.id);
    }
    return news;
  }

  test('at once where they are connected, when they come otherwise; to nobody whom it does not concern', async () => {
    const [shop, account] = [await newBackend(two, 'shop'), await newBackend(two, 'account')];
    const subject = randomUUID();
    await revoke(one, { kind: 'session', subject, applicationId: 'shop' });
    await catchUp(two);
    const { epoch, seq } = syncOf(two).position!;
    // As who was told this place by an instance that did not know the line.
    const cursor = `${epoch}:${seq}`;
    const [mine, others] = [await readFeed(two, shop, cursor), await readFeed(two, account, cursor)];
    for (const feed of [mine, others]) expect(await feed.next()).toMatchObject({ event: 'heartbeat' });
    forget(two);
    expect(await compare(two)).toEqual({ fromMemory: 1, fromTable: 0 });
    const late = await readFeed(two, shop, cursor);
    expect(subjectsOf((await askFeed(two, shop, cursor)).body.items)).toEqual([subject]);
    expect((await askFeed(two, account, cursor)).body.items).toEqual([]);
    const last = randomUUID();
    await revoke(one, { kind: 'user', subject: last });
    const id = `${epoch}:${seq + 1}`;
    expect(await newsUntil(mine, last)).toEqual({ subjects: [subject, last], ids: [null, id] });
    expect(await newsUntil(late, last)).toEqual({ subjects: [subject, last], ids: [null, id] });
    expect(await newsUntil(others, last)).toEqual({ subjects: [last], ids: [id] });
    await Promise.all([mine, others, late].map((feed) => feed.close()));
    expect(subjectsOf((await askFeed(two, shop, id)).body.items)).toEqual([subject]);
    // Past its time it is told no more.
    await one.advance(7_200);
    expect((await askFeed(two, shop, id)).body.items).toEqual([]);
  });

  test('for as long as each is in force: one that is permanent keeps the others neither told nor in memory', async () => {
    const shop = await newBackend(two, 'shop');
    const passing = Array.from({ length: 3 }, () => randomUUID());
    await revoke(one, { kind: 'user', subject: 'for ever', suspended: true, permanent: true });
    await revoke(one, ...passing.map((subject) => ({ kind: 'session' as const, subject })));
    await catchUp(two);
    const { epoch, seq } = syncOf(two).position!;
    const mended = async () => subjectsOf((await askFeed(two, shop, `${epoch}:${seq}`)).body.items).toSorted();
    forget(two);
    await compare(two);
    expect(await mended()).toEqual([...passing, 'for ever'].toSorted());
    await one.advance(7_200);
    await catchUp(two);
    expect(await mended()).toEqual(['for ever']);
    const history = two.app.get(FeedHistory, { strict: false });
    await history.sweep();
    expect((history as unknown as { mended: RevocationIndex }).mended.size).toBe(1);
  });
});

test('a line that the table has lost is put back by whoever knows it, once, and an instance that starts knows it', async () => {
  const device = await Device.register(one);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await revoke(one, { kind: 'session', subject: randomUUID() });
  await catchUp(two);
  await one.db.query('delete from revocations where subject = $1', [device.sessionId]);
  const found = await Promise.all([one, two, one, two].map(compare));
  expect(found.map((each) => each?.fromTable).toSorted()).toEqual([0, 0, 0, 1]);
  expect(await one.db.query('select 1 from revocations where subject = $1', [device.sessionId])).toHaveLength(1);
  const third = await startService({ besides: one });
  expect(await device.access(third)).toBe('session_ended');
  await third.stop();
  await Promise.all([one, two].map(catchUp));
  expect(await Promise.all([one, two].map(compare))).toEqual([NONE, NONE]);
});

test('whatever was revoked, however often, and whatever has expired since: nothing differs', async () => {
  const subjects = Array.from({ length: 6 }, () => randomUUID());
  const line = fc.record({
    kind: fc.constantFrom('session', 'user', 'application', 'token', 'key' as const),
    subject: fc.constantFrom(...subjects),
    minVersion: fc.option(fc.nat(20), { nil: null }),
    suspended: fc.boolean(),
    permanent: fc.boolean(),
  });
  const step = fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 6 }), wait: fc.nat(400) });
  const property = fc.asyncProperty(fc.array(step, { maxLength: 5 }), async (steps) => {
    for (const { lines: revoked, wait } of steps) {
      await revoke(one, ...revoked);
      await one.advance(wait);
      await Promise.all([one, two].map(catchUp));
      await syncOf(two).index.sweep(Date.now() / 1000 + one.db.shiftSeconds);
      await one.db.query('delete from revocations where expires_at < now()');
      expect(await Promise.all([one, two].map(compare))).toEqual([NONE, NONE]);
    }
  });
  await fc.assert(property, { numRuns: 10 });
});

test('lines that have expired, many pages of them, hide none that has not', async () => {
  await one.db.query(
    `with head as (update revocation_head set seq = seq + 1600 returning seq - 1600 as last)
     insert into revocations (seq, id, kind, subject, suspended, reason, actor, created_at, expires_at)
     select last + n, gen_random_uuid(), 'session', gen_random_uuid(), false, 'test', 'test', now(), now() - interval '1 day'
       from head, generate_series(1, 1600) n`,
  );
  const ended = await Device.register(one);
  await ended.send('/v1/auth/logout', { method: 'POST' });
  await catchUp(two);
  forget(two);
  expect(await compare(two)).toEqual({ fromMemory: 1, fromTable: 0 });
  expect(await ended.access(two)).toBe('session_ended');
});

test('a list of many pages is compared whole', async () => {
  await one.db.query(
    `with head as (update revocation_head set seq = seq + 12000 returning seq)
     insert into revocations (seq, id, kind, subject, suspended, created_at, expires_at)
     select head.seq - 12000 + n, gen_random_uuid(), 'session', gen_random_uuid(), false, now(), now() + interval '1 hour'
       from head, generate_series(1, 12000) as n`,
  );
  await catchUp(two);
  expect(await compare(two)).toEqual(NONE);
  await one.db.query('delete from revocations where seq in (10, 5000, 5001, 11999)');
  expect(await compare(two)).toEqual({ fromMemory: 0, fromTable: 4 });
  forget(two);
  expect(await compare(two)).toMatchObject({ fromTable: 0 });
  expect(syncOf(two).index.size).toBe(12_000);
});

test('it runs by itself, each a minute after the one before', async () => {
  const minutes: (() => void)[] = [];
  const prototype = FullCompare.prototype as unknown as { pause(milliseconds: number): Promise<boolean> };
  const { pause } = prototype;
  jest.spyOn(prototype, 'pause').mockImplementation(function (this: typeof prototype, milliseconds) {
    if (milliseconds !== 60_000) return pause.call(this, milliseconds);
    return new Promise((resolve) => minutes.push(() => resolve(true)));
  });
  const third = await startService({ besides: one });
  await revoke(one, { kind: 'session', subject: 'ended' });
  await catchUp(third);
  for (let round = 0; round < 3; round += 1) {
    forget(third);
    await poll(() => {
      minutes.at(-1)?.();
      return syncOf(third).index.session.has('ended');
    });
  }
  await third.stop();
});

test('it runs by itself when hints arrive again', async () => {
  const device = await Device.register(one);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await catchUp(two);
  forget(two);
  await one.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'portcullis-listen'`,
  );
  await poll(() => syncOf(two).index.session.has(device.sessionId));
  expect(two.app.get(RevocationHints, { strict: false }).listening).toBe(true);
});
