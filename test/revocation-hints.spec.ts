import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { FullCompare } from '../src/revocation/full-compare.js';
import { RevocationHints } from '../src/revocation/revocation-hints.js';
import { RevocationLogRepository } from '../src/revocation/revocation-log.repository.js';
import { Device } from './support/device.js';
import { holdLock } from './support/held-lock.js';
import { poll } from './support/poll.js';
import { catchUp, revoke, stopPolling, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

/** Two instances over one database; the connections of the second go through a proxy. */
let one: Service;
let two: Service;
let proxy: TcpProxy;
const lines: string[] = [];

beforeEach(async () => {
  one = await startService();
  proxy = await startProxy(one.db.url);
  const env = { DATABASE_URL: proxy.url, DATABASE_POOL_SIZE: '2' };
  two = await startService({ besides: one, env, onLog: (line) => lines.push(line) });
  lines.length = 0;
});
afterEach(async () => {
  proxy.heal();
  await two.stop();
  await proxy.close();
  await one.stop();
});

const listening = () => two.app.get(RevocationHints, { strict: false }).listening;
const notify = (payload: string) => one.db.query(`select pg_notify('portcullis_revocations', $1)`, [payload]);

async function listener(): Promise<number | undefined> {
  const [row] = await one.db.query<{ pid: number }>(
    `select pid from pg_stat_activity
      where datname = current_database() and application_name = 'portcullis-listen' order by backend_start desc`,
  );
  return row?.pid;
}

/** The second instance's connection stays, and hears nothing any more, until its next heartbeat. */
async function stopListening(): Promise<void> {
  const hints = two.app.get(RevocationHints, { strict: false }) as unknown as {
    client: { query(sql: string): Promise<unknown> };
  };
  await hints.client.query('unlisten *');
}

/** Something is revoked on the first instance; resolves when the second knows, which has not been asked to look. */
async function revokeAndWait(): Promise<void> {
  const subject = randomUUID();
  await revoke(one, { kind: 'session', subject });
  await poll(() => syncOf(two).index.session.has(subject));
}

test('a revocation is heard of: nobody needs to look', async () => {
  stopPolling(two);
  for (let round = 0; round < 20; round += 1) await revokeAndWait();
});

test('sign-in and refresh make no noise, and a revocation gives one hint: the place of its last line', async () => {
  const heard: string[] = [];
  const sync = syncOf(two) as unknown as { hear(payload: string): void };
  const hear = sync.hear.bind(sync);
  sync.hear = (payload) => {
    heard.push(payload);
    hear(payload);
  };
  const device = await Device.register(one);
  await device.refresh();
  await revoke(one, { kind: 'session', subject: 'a' }, { kind: 'session', subject: 'b' });
  await poll(() => heard.length > 0);
  const [head] = await one.db.query<{ hint: string }>(`select epoch || ':' || seq as hint from revocation_head`);
  // One for both lines.
  expect(heard).toEqual([head!.hint]);
});

test('a forged hint changes nothing: rows come only from the table', async () => {
  const device = await Device.register(one);
  await catchUp(two);
  const before = { position: syncOf(two).position, size: syncOf(two).index.size };
  const { epoch } = before.position!;
  const forged = [`${epoch}:999999`, `${randomUUID()}:5`, `${epoch}:-1`, `${epoch}:NaN`, '', ':', device.sessionId];
  for (const payload of [...forged, `{"kind":"session","subject":"${device.sessionId}"}`]) await notify(payload);
  stopPolling(two);
  await revokeAndWait();
  expect(syncOf(two).index.size).toBe(before.size + 1);
  expect(syncOf(two).position).toEqual({ ...before.position, seq: before.position!.seq + 1, rowId: expect.anything() });
  expect(await device.access(two)).toBe(null);
  expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

test('a flood of hints costs a bounded number of reads, and what is true among them is still heard', async () => {
  const log = two.app.get(RevocationLogRepository, { strict: false });
  const read = log.readAfter.bind(log);
  let reads = 0;
  log.readAfter = (cursor) => {
    reads += 1;
    return read(cursor);
  };
  stopPolling(two);
  const { epoch } = syncOf(two).position!;
  const started = performance.now();
  await one.db.query(
    `select pg_notify('portcullis_revocations', '${epoch}:' || 1000000 + n) from generate_series(1, 20000) as n`,
  );
  await revokeAndWait();
  const elapsed = performance.now() - started;
  expect(reads).toBeGreaterThan(0);
  // A read at most each 10 ms.
  expect(reads).toBeLessThanOrEqual(elapsed / 10 + 2);
});

const FAULTS: [name: string, harm: () => Promise<unknown> | void][] = [
  ['killed by the server', async () => one.db.query('select pg_terminate_backend($1)', [await listener()])],
  ['reset', () => proxy.reset()],
  ['black-holed', () => proxy.freezeOpen()],
];

test.each(FAULTS)(
  'a listener that is %s is noticed and opened anew within 15 s, with what happened meanwhile',
  async (_, harm) => {
    const before = await listener();
    await harm();
    const meanwhile = randomUUID();
    await revoke(one, { kind: 'session', subject: meanwhile });
    const started = performance.now();
    await poll(async () => syncOf(two).index.session.has(meanwhile), 15);
    await poll(async () => listening() && (await listener()) !== before, 15);
    expect(performance.now() - started).toBeLessThan(15_000);
    await catchUp(two);
    stopPolling(two);
    await revokeAndWait();
    expect(lines.filter((line) => line.includes('do not arrive'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('arrive again'))).toHaveLength(1);
  },
);

test('a session that listens no more, as behind a pooler, is noticed too', async () => {
  await stopListening();
  await poll(() => lines.some((line) => line.includes('do not arrive')));
  await poll(listening);
});

test('requests that hold every connection of the pool do not make the deny-list stale', async () => {
  const [device, ended] = [await Device.register(one), await Device.register(one)];
  const lock = await holdLock(one.db, 'lock table users in access exclusive mode');
  const stuck = Array.from({ length: 6 }, () => device.send('/v1/users/me', {}, two));
  await poll(async () => (await lock.waiting()) === two.config.databasePoolSize);
  await revoke(one, { kind: 'session', subject: ended.sessionId });
  await poll(() => syncOf(two).index.session.has(ended.sessionId));
  await syncOf(two).awaitFresh();
  expect(await ended.access(two)).toBe('session_ended');
  await lock.release();
  await Promise.all(stuck);
});

test('what happened while nobody listened is looked up as soon as hints arrive again, before any comparison', async () => {
  const comparisons = two.app.get(FullCompare, { strict: false });
  comparisons.run = async () => null;
  stopPolling(two);
  await stopListening();
  const meanwhile = randomUUID();
  await revoke(one, { kind: 'session', subject: meanwhile });
  await poll(() => lines.some((line) => line.includes('arrive again')));
  await poll(() => syncOf(two).index.session.has(meanwhile));
});

test('REVOCATION_LISTEN=false: no connection listens, and looking by time suffices', async () => {
  const quiet = await startService({ besides: one, env: { REVOCATION_LISTEN: 'false' } });
  await two.stop();
  const subject = randomUUID();
  await poll(async () => (await one.db.query(LISTENERS)).length === 1);
  await revoke(one, { kind: 'session', subject });
  await poll(() => syncOf(quiet).index.session.has(subject));
  await quiet.stop();
});

test('the log is followed without any state of a session, as a pooler needs that hands out connections by transaction', async () => {
  const sent = new Map<Socket, Buffer[]>();
  const watched = await startProxy(one.db.url, (client, bytes) => {
    sent.set(client, [...(sent.get(client) ?? []), bytes]);
  });
  const env = { DATABASE_URL: watched.url, REVOCATION_LISTEN: 'false' };
  const quiet = await startService({ besides: one, env });
  await revoke(one, { kind: 'session', subject: randomUUID() });
  await catchUp(quiet);
  await quiet.app.get(FullCompare, { strict: false }).run();
  await quiet.stop();
  await watched.close();

  const streams = [...sent.values()].map((chunks) => Buffer.concat(chunks));
  const followers = streams.filter((stream) => stream.includes('portcullis-sync'));
  expect(followers).toHaveLength(1);
  const messages = messagesOf(followers[0]!);
  // Parse and Bind begin with a name (of the statement, of the portal) that ends with a zero byte.
  const prepared = messages.filter(({ type, body }) => type === 'P' && body[0] !== 0);
  const plain = messages
    .filter(({ type }) => type === 'Q')
    .map(({ body }) => body.toString('utf8', 0, body.length - 1));
  expect(messages.filter(({ type }) => type === 'P').length).toBeGreaterThan(3);
  expect(prepared).toEqual([]);
  // A cursor that is not held is of its transaction, not of the session.
  const free = /^(begin isolation level repeatable read read only|commit|select .*|fetch \d+ from live)$/s;
  const declared = /^declare live no scroll cursor for\s+select .*$/s;
  expect(plain.filter((text) => !free.test(text) && !declared.test(text))).toEqual([]);
  // Start-up parameters that a pooler would have to know.
  expect(followers[0]!.toString('latin1', 0, 300)).not.toMatch(/timeout/);
});

test('one line in the log when the deny-list gets stale, and one when it is fresh again', async () => {
  await catchUp(two);
  lines.length = 0;
  proxy.cut();
  await one.advance(60);
  await poll(() => lines.some((line) => line.includes('The deny-list is stale')));
  proxy.heal();
  await poll(() => lines.some((line) => line.includes('The deny-list is fresh')));
  expect(lines.filter((line) => line.includes('The deny-list is stale'))).toHaveLength(1);
});

/** What a client of PostgreSQL says after its first message (Frontend/Backend Protocol, "Message Formats"). */
function messagesOf(stream: Buffer): { type: string; body: Buffer }[] {
  const messages = [];
  for (let at = stream.readInt32BE(0); at < stream.length;) {
    const length = stream.readInt32BE(at + 1);
    messages.push({ type: String.fromCharCode(stream[at]!), body: stream.subarray(at + 5, at + 1 + length) });
    at += 1 + length;
  }
  return messages;
}

const LISTENERS = `select 1 from pg_stat_activity
  where datname = current_database() and application_name = 'portcullis-listen'`;
