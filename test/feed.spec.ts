import { randomUUID } from 'node:crypto';
import { askFeed, basic, newBackend, readFeed, type Backend, type FeedEvent, type FeedReader } from './support/feed.js';
import { Device, send } from './support/device.js';
import { poll } from './support/poll.js';
import { catchUp, revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;
let shop: Backend;
let account: Backend;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  shop = await newBackend(one, 'shop');
  account = await newBackend(one, 'account');
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

/** The next event that tells of something; what comes before is passed over. */
async function nextNews(feed: FeedReader): Promise<FeedEvent> {
  for (let event = await feed.next(); event; event = await feed.next()) if (event.event === 'revocations') return event;
  throw new Error('the stream ended');
}

const subjectsOf = (items: { subject: string }[] = []) => items.map(({ subject }) => subject);

describe('credentials', () => {
  const wrong: Record<string, () => string | undefined> = {
    none: () => undefined,
    'a wrong secret': () => basic('shop', `${shop.secret}x`),
    "another application's secret": () => basic('account', shop.secret),
    'an unknown application': () => basic('nobody', shop.secret),
    'no secret': () => basic('shop', ''),
    'no colon': () => `Basic ${Buffer.from('shop').toString('base64')}`,
    'what is no base64': () => 'Basic %%%',
    'a broken escape': () => basic('shop', '%zz'),
    'a token': () => `Bearer ${shop.secret}`,
  };
  test.each(Object.keys(wrong))('%s: 401 client_credentials_invalid, and Basic is asked for', async (name) => {
    const authorization = wrong[name]!();
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    for (const path of ['/v1/revocations', '/v1/revocations/events']) {
      const answer = await send(one, path, { headers });
      expect(answer).toMatchObject({ status: 401, code: 'client_credentials_invalid' });
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
  });

  test("a person's access token is none, not even an administrator's", async () => {
    const device = await Device.register(one);
    expect(await device.send('/v1/revocations')).toMatchObject({ status: 401, code: 'client_credentials_invalid' });
  });

  test('several secrets are good at once, a new one everywhere; one that has expired is not', async () => {
    const first = await newBackend(one);
    expect((await askFeed(two, first)).status).toBe(200);
    const second = await newBackend(one, first.applicationId);
    // An instance that does not know it looks again, once a second at most.
    await poll(async () => (await askFeed(two, second)).status === 200);
    expect((await askFeed(two, first)).status).toBe(200);
    const started = await startService({ besides: one });
    await one.db.query(`update application_credentials set expires_at = now() where application_id = $1`, [
      first.applicationId,
    ]);
    expect((await askFeed(started, first)).status).toBe(401);
    await started.stop();
  });

  test('the table has no secret, only its hash', async () => {
    const [row] = await one.db.query<{ text: string }>(
      'select string_agg(c::text, $1) as text from application_credentials c',
      [' '],
    );
    expect(row?.text).not.toContain(shop.secret.slice(4));
    expect(row?.text).not.toContain(Buffer.from(shop.secret).toString('hex'));
  });
});

describe('the list', () => {
  test('has what concerns the application: its sessions, tokens and itself, every user and key, and nothing else', async () => {
    const [mine, theirs, user, jti, kid] = [randomUUID(), randomUUID(), randomUUID(), randomUUID(), 'a-key'];
    await revoke(
      one,
      { kind: 'session', subject: mine, applicationId: 'shop' },
      { kind: 'session', subject: theirs, applicationId: 'account' },
      { kind: 'token', subject: jti, applicationId: 'shop' },
      { kind: 'user', subject: user, minVersion: 7, suspended: true },
      { kind: 'application', subject: 'shop', minVersion: 3 },
      { kind: 'application', subject: 'account', minVersion: 3 },
      { kind: 'key', subject: kid, permanent: true },
    );
    await catchUp(one);
    const { body } = await askFeed(one, shop);
    expect(subjectsOf(body.items)).toEqual(expect.arrayContaining([mine, user, jti, 'shop', kid]));
    expect(subjectsOf(body.items)).not.toContain(theirs);
    expect(subjectsOf(body.items)).not.toContain('account');
    const { position } = syncOf(one);
    const seq = position!.seq;
    const exp = expect.any(Number);
    expect(body.items).toContainEqual({ seq: seq - 6, kind: 'session', subject: mine, exp });
    expect(body.items).toContainEqual({
      seq: seq - 3,
      kind: 'user',
      subject: user,
      minVersion: 7,
      suspended: true,
      exp,
    });
    expect(body.items).toContainEqual({ seq, kind: 'key', subject: kid });
    expect(body).toMatchObject({ epoch: position!.epoch, head: seq, maxAge: 5_000 });
    expect(body.staleness).toBeGreaterThanOrEqual(0);
    expect(body.staleness).toBeLessThanOrEqual(5_000);
    expect(Math.abs(Date.parse(body.generatedAt) - Date.now())).toBeLessThan(60_000);
    expect(subjectsOf((await askFeed(one, account)).body.items)).toEqual(expect.arrayContaining([theirs, user, kid]));
  });

  test('after a cursor it is what came since; at the head nothing', async () => {
    await catchUp(one);
    const { body: before } = await askFeed(one, shop);
    const subject = randomUUID();
    await revoke(
      one,
      { kind: 'session', subject, applicationId: 'shop' },
      { kind: 'session', subject: randomUUID(), applicationId: 'account' },
    );
    await catchUp(one);
    const { body } = await askFeed(one, shop, `${before.epoch}:${before.head}`);
    expect(body).toMatchObject({ epoch: before.epoch, head: before.head + 2 });
    expect(subjectsOf(body.items)).toEqual([subject]);
    expect((await askFeed(one, shop, `${body.epoch}:${body.head}`)).body.items).toEqual([]);
  });

  test('two thousand entries come compressed, each on a line of its own', async () => {
    const lines = Array.from({ length: 2_000 }, () => ({
      kind: 'session' as const,
      subject: randomUUID(),
      applicationId: 'shop',
    }));
    await revoke(one, ...lines);
    const response = await fetch(`${one.url}/v1/revocations`, { headers: shop.headers });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const text = await response.text();
    const items = text
      .split('\n')
      .filter((line) => line.startsWith('{"seq"'))
      .map((line) => JSON.parse(line.replace(/,$/, '')));
    expect(items).toEqual(JSON.parse(text).items);
    expect(subjectsOf(items)).toEqual(expect.arrayContaining(subjectsOf(lines)));
    const plain = await fetch(`${one.url}/v1/revocations`, {
      headers: { ...shop.headers, 'accept-encoding': 'identity' },
    });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(JSON.parse(await plain.text()).items).toHaveLength(items.length);
  });

  test.each([
    'x',
    '1',
    `${randomUUID()}`,
    `${randomUUID()}:-1`,
    `${randomUUID()}:1.5`,
    `${randomUUID()}:`,
    `${randomUUID()}:01`,
  ])('a cursor that is none (%s): 400 validation_failed', async (cursor) => {
    expect(await askFeed(one, shop, cursor)).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(await readFeed(one, shop, cursor)).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  test('a cursor of another epoch, or ahead of the head: 410 cursor_gone', async () => {
    const { epoch, seq } = syncOf(one).position!;
    for (const cursor of [`${randomUUID()}:1`, `${epoch}:${seq + 1_000_000}`]) {
      expect(await askFeed(one, shop, cursor)).toMatchObject({ status: 410, code: 'cursor_gone' });
      expect(await readFeed(one, shop, cursor)).toMatchObject({ status: 410, code: 'cursor_gone' });
    }
  });

  test('a cursor that another instance gave is good here, though this one has yet to read so far', async () => {
    await revoke(one, { kind: 'session', subject: randomUUID() });
    await catchUp(one);
    const { epoch, seq } = syncOf(one).position!;
    expect((await askFeed(two, shop, `${epoch}:${seq}`)).status).toBe(200);
  });
});

describe('the stream', () => {
  test('begins with a heartbeat, and names with each event the one before; what concerns others only moves the cursor', async () => {
    const { epoch, seq } = syncOf(one).position!;
    const feed = await readFeed(one, shop, `${epoch}:${seq}`);
    expect(feed.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(feed.headers.get('x-accel-buffering')).toBe('no');
    const first = await feed.next();
    expect(first).toMatchObject({ event: 'heartbeat', data: { after: seq } });
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await revoke(
      one,
      { kind: 'session', subject: theirs, applicationId: 'account' },
      { kind: 'session', subject: mine, applicationId: 'shop' },
    );
    const news = await nextNews(feed);
    expect(news.data.items).toMatchObject([{ kind: 'session', subject: mine }]);
    let last = news;
    await revoke(one, { kind: 'session', subject: randomUUID(), applicationId: 'account' });
    const moved = Number(news.id!.split(':')[1]) + 1;
    for (let event = await feed.next(); event; event = await feed.next()) {
      expect(event.event).toBe('heartbeat');
      expect(event.data.after).toBe(Number(last.id!.split(':')[1]));
      expect(event.id).toBe(`${epoch}:${event.data.head}`);
      last = event;
      if (event.data.head === moved) break;
    }
    await feed.close();
  });

  test('from a cursor of long ago, or from none, it tells what is in force; then it goes on', async () => {
    const subject = randomUUID();
    await revoke(one, { kind: 'session', subject, applicationId: 'shop' });
    await catchUp(two);
    // It has all in its index, and of the log only what came since it started.
    const started = await startService({ besides: one });
    const { epoch } = syncOf(started).position!;
    for (const cursor of [undefined, `${epoch}:1`]) {
      const feed = await readFeed(started, shop, cursor);
      const told: string[] = [];
      let event = await feed.next();
      for (; event?.event === 'revocations'; event = await feed.next()) {
        expect(event.id).toBeNull();
        told.push(...subjectsOf(event.data.items));
      }
      expect(event).toMatchObject({ event: 'heartbeat', data: { head: syncOf(started).position!.seq } });
      expect(told).toContain(subject);
      const later = randomUUID();
      await revoke(started, { kind: 'session', subject: later, applicationId: 'shop' });
      expect(subjectsOf((await nextNews(feed)).data.items)).toEqual([later]);
      await feed.close();
    }
    await started.stop();
  });

  test('a heartbeat says how long the stream has lasted and how old the knowledge is', async () => {
    const started = performance.now();
    const feed = await readFeed(one, shop);
    let [beats, elapsed] = [0, -1];
    while (beats < 3) {
      const event = await feed.next();
      if (event?.event !== 'heartbeat') continue;
      beats += 1;
      expect(event.data.elapsed).toBeGreaterThan(elapsed);
      expect(event.data.elapsed).toBeLessThanOrEqual(performance.now() - started);
      expect(event.data.staleness).toBeGreaterThanOrEqual(0);
      elapsed = event.data.elapsed!;
    }
    await feed.close();
  });

  test('HEAD answers and ends', async () => {
    const response = await fetch(`${one.url}/v1/revocations/events`, { method: 'HEAD', headers: shop.headers });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('ends when the instance stops, and another one goes on from there', async () => {
    const started = await startService({ besides: one });
    const { epoch, seq } = syncOf(started).position!;
    const feed = await readFeed(started, shop, `${epoch}:${seq}`);
    const { id } = (await feed.next())!;
    const stopped = started.stop();
    const subject = randomUUID();
    for (let event = await feed.next(); event; event = await feed.next());
    await stopped;
    await revoke(one, { kind: 'session', subject, applicationId: 'shop' });
    const resumed = await readFeed(two, shop, id!);
    expect(subjectsOf((await nextNews(resumed)).data.items)).toContain(subject);
    await resumed.close();
  });
});
