import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Clock } from '../src/common/clock.js';
import { FeedStreams } from '../src/feed/feed-streams.service.js';
import { newBackend, readFeed, type Backend, type FeedReader } from './support/feed.js';
import { poll } from './support/poll.js';
import { catchUp, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** Lines of a kilobyte: more than the kernel holds for a connection that nobody reads. */
const MANY = 15_000;

const MINUTE_MS = 60_000;

let service: Service;
let shop: Backend;

beforeAll(async () => {
  service = await startService();
  shop = await newBackend(service, 'shop');
});
afterAll(() => service.stop());

const streams = () => service.app.get(FeedStreams, { strict: false });
const cursor = () => `${syncOf(service).position!.epoch}:${syncOf(service).position!.seq}`;

/** Lines of the log as they come in a storm, and larger. */
const storm = () =>
  service.db.query(
    `with head as (update revocation_head set seq = seq + ${MANY} returning seq)
     insert into revocations (seq, id, kind, subject, application_id, suspended, created_at, expires_at)
     select head.seq - ${MANY} + n, gen_random_uuid(), 'token', n || repeat('-', 1000), 'shop', false, now(),
            now() + interval '1 hour'
       from head, generate_series(1, ${MANY}) as n`,
  );

/** A follower that asks and then does not read. */
async function askWithoutReading(from: string): Promise<Socket> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname).pause();
  const head = ['GET /v1/revocations/events HTTP/1.1', 'host: portcullis', `last-event-id: ${from}`];
  socket.write(`${[...head, `authorization: ${shop.headers.authorization}`].join('\r\n')}\r\n\r\n`);
  await poll(() => streams().size === 1);
  return socket;
}

const idsIn = (text: string) => [...text.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id!);
const seqsIn = (text: string) => [...text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));

test('who does not read is dropped before much waits for it, and goes on from the last id that it has', async () => {
  await catchUp(service);
  const first = syncOf(service).position!.seq;
  const slow = await askWithoutReading(cursor());
  await storm();
  await catchUp(service);
  await poll(() => streams().size === 0);

  // What had left the server is there: whole events and perhaps a part of one.
  let text = '';
  slow.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  slow.on('error', () => undefined).resume();
  await once(slow, 'close');
  const whole = text.slice(0, text.lastIndexOf('\n\n'));
  const told = seqsIn(whole);
  expect(told.length).toBeLessThan(MANY);

  const resumed = await readFeed(service, shop, idsIn(whole).at(-1)!);
  for (let event = await resumed.next(); event && event.event !== 'heartbeat'; event = await resumed.next()) {
    told.push(...event.data.items!.map(({ seq }) => seq));
  }
  await resumed.close();
  expect(told).toEqual(Array.from({ length: MANY }, (_, i) => first + 1 + i));
});

function pass(minutes: number): void {
  const clock = service.app.get(Clock, { strict: false });
  const { monotonic } = clock;
  clock.monotonic = () => monotonic.call(clock) + minutes * MINUTE_MS;
}

test('a stream ends after a quarter of an hour, and goes on from its last id', async () => {
  const feed = await readFeed(service, shop, cursor());
  const { id } = (await feed.next())!;
  pass(14.9);
  let event = await feed.next();
  while (event && event.data.elapsed! < 14.9 * MINUTE_MS) event = await feed.next();
  expect(event).toMatchObject({ event: 'heartbeat' });
  pass(0.2);
  while (event) event = await feed.next();
  const again = await readFeed(service, shop, id!);
  expect(again.status).toBe(200);
  await again.close();
});

describe('elsewhere taken away from who follows: its streams end within ten seconds, and no others', () => {
  /** An application with two secrets, and one that nothing is taken away from. */
  async function follow() {
    const [old, other] = [await newBackend(service), await newBackend(service)];
    const current = await newBackend(service, old.applicationId);
    await catchUp(service);
    const feeds = await Promise.all([old, current, other].map((backend) => readFeed(service, backend, cursor())));
    const [first] = await Promise.all(feeds.map((feed) => feed.next()));
    return { old, current, other, feeds, last: first!.id! };
  }

  /** As ten seconds later; whatever is due once a second is due then. */
  const tenSeconds = () => pass(10 / 60);

  async function ended(feed: FeedReader): Promise<void> {
    while (await feed.next());
  }

  test('a secret: whoever has another one goes on from the last id', async () => {
    const { old, current, feeds, last } = await follow();
    await service.db.query(
      `update application_credentials set expires_at = now()
        where id = (select id from application_credentials where application_id = $1 order by created_at limit 1)`,
      [old.applicationId],
    );
    tenSeconds();
    await Promise.all(feeds.slice(0, 2).map(ended));
    expect((await readFeed(service, old, last)).code).toBe('client_credentials_invalid');
    const again = await readFeed(service, current, last);
    expect(await again.next()).toMatchObject({ event: 'heartbeat' });
    expect(await feeds[2]!.next()).toMatchObject({ event: 'heartbeat' });
    await Promise.all([again, feeds[2]!].map((feed) => feed.close()));
  });

  test('the application, which was disabled', async () => {
    const { old, current, feeds, last } = await follow();
    await service.db.query('update applications set enabled = false where id = $1', [old.applicationId]);
    tenSeconds();
    await Promise.all(feeds.slice(0, 2).map(ended));
    for (const backend of [old, current]) {
      expect((await readFeed(service, backend, last)).code).toBe('client_credentials_invalid');
    }
    await feeds[2]!.close();
  });
});
