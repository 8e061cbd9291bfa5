import { createVerifier, type Verifier, type VerifierOptions } from '@portcullis/verifier';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../packages/verifier/src/follower/freshness.js';
import { RevocationFollower, type FollowerOptions } from '../packages/verifier/src/follower/revocation-follower.js';
import { Instance } from './faults/support/instance.js';
import { Device } from './support/device.js';
import { newBackend, type Backend } from './support/feed.js';
import { refusalBy, startVerifier } from './support/following.js';
import { serve } from './support/http-server.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';
import { startProxy } from './support/tcp-proxy.js';

/** What bounds a verifier, in seconds: the least there is. */
const LIMIT = 2;

let one: Service;
let backend: Backend;

beforeAll(async () => {
  one = await startService();
  backend = await newBackend(one, 'account');
});
afterAll(() => one.stop());

const follow = (url: string, options: Partial<VerifierOptions> = {}): Promise<Verifier> =>
  startVerifier({ ...one, url }, { backend, maxStaleness: LIMIT, ...options });

/**
 * While `trouble` lasts: what is revoked after it began is accepted for as long as the limit says and no longer, then no
 * answer is given; once it is over, it is refused for what it is, and what is good is accepted.
 */
async function expectBounded(verifier: Verifier, trouble: () => unknown, heal: () => unknown): Promise<void> {
  const [good, ended] = [await Device.register(one), await Device.register(one)];
  expect([await refusalBy(verifier, good.accessToken), await refusalBy(verifier, ended.accessToken)]).toEqual([
    null,
    null,
  ]);
  await trouble();
  const began = performance.now();
  await ended.send('/v1/auth/logout', { method: 'POST' });
  const codes = new Set<string | null>();
  while (performance.now() - began < (LIMIT + 1.5) * 1000) {
    const late = performance.now() - began > LIMIT * 1000;
    const code = await refusalBy(verifier, ended.accessToken);
    if (late) codes.add(code);
    await new Promise(setImmediate);
  }
  // Nothing was learnt, so nothing is said: neither yes nor no.
  expect([...codes]).toEqual(['revocation_unavailable']);
  expect(await refusalBy(verifier, good.accessToken)).toBe('revocation_unavailable');
  expect(await refusalBy(verifier, `${good.accessToken}x`)).toBe('token_invalid');
  await heal();
  await poll(async () => (await refusalBy(verifier, ended.accessToken)) === 'session_ended');
  expect(await refusalBy(verifier, good.accessToken)).toBeNull();
}

describe('what a verifier cannot know in time it does not accept', () => {
  test.each(['cut', 'freeze'] as const)('the way to the service is lost (%s)', async (way) => {
    const proxy = await startProxy(one.url);
    const verifier = await follow(proxy.url.replace(/\/$/, ''));
    await expectBounded(verifier, proxy[way], proxy.heal);
    verifier.close();
    await proxy.close();
  });

  test.each(['cut', 'freeze'] as const)('the service lost its database (%s), and answers all the same', async (way) => {
    const proxy = await startProxy(one.db.url);
    const two = await startService({ besides: one, env: { DATABASE_URL: proxy.url } });
    const verifier = await follow(two.url);
    await expectBounded(verifier, proxy[way], proxy.heal);
    verifier.close();
    await two.stop();
    await proxy.close();
  });

  test('the service is frozen (SIGSTOP)', async () => {
    const instance = new Instance(0, {
      NODE_ENV: 'test',
      PORT: '0',
      PUBLIC_URL,
      LOG_LEVEL: 'warn',
      MIGRATE_ON_START: 'false',
      DATABASE_URL: one.db.url,
      KEY_ENCRYPTION_KEY: one.config.keyEncryptionKey.toString('base64'),
      REFRESH_TOKEN_KEYS: one.config.refreshTokenKeys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(),
    });
    await instance.start();
    await poll(() => instance.ready());
    const verifier = await follow(instance.url);
    await expectBounded(
      verifier,
      () => instance.signal('SIGSTOP'),
      () => instance.signal('SIGCONT'),
    );
    verifier.close();
    await instance.end('SIGKILL');
  }, 90_000);

  test('its own wall clock was set, or it slept: not until the stream agrees with both clocks again', async () => {
    const clock = { shift: 0, now: () => Date.now() + clock.shift, monotonic: () => performance.now() };
    const verifier = await follow(one.url, { clock });
    const device = await Device.register(one);
    for (const shift of [-30_000, 30_000, 0]) {
      clock.shift = shift;
      expect(await refusalBy(verifier, device.accessToken)).toBe(
        shift < 0 ? 'token_invalid' : 'revocation_unavailable',
      );
      await poll(() => verifier.status.fresh);
    }
    expect(await refusalBy(verifier, device.accessToken)).toBeNull();
    verifier.close();
  });
});

test('what was let go of by a clock that ran ahead is in force again once the clock is right', async () => {
  const clock = { shift: 0, now: () => Date.now() + clock.shift, monotonic: () => performance.now() };
  const errors: { code?: string }[] = [];
  const verifier = await follow(one.url, { clock, onError: (error) => errors.push(error as { code?: string }) });
  const device = await Device.register(one);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await poll(async () => (await refusalBy(verifier, device.accessToken)) === 'session_ended');
  clock.shift = 3_600_000;
  await poll(() => !verifier.status.fresh);
  await poll(() => verifier.status.fresh);
  await sweep(verifier);
  expect(verifier.status.revocations).toBe(0);
  clock.shift = 0;
  await poll(async () => (await refusalBy(verifier, device.accessToken)) !== 'revocation_unavailable');
  expect(await refusalBy(verifier, device.accessToken)).toBe('session_ended');
  expect(errors.map(({ code }) => code)).toContain('clock_set');
  verifier.close();
});

/** As it does by itself every minute. */
function sweep(verifier: Verifier): Promise<void> {
  const { follower } = verifier as unknown as { follower: { sweep(): Promise<void> } };
  return follower.sweep();
}

describe('a request for the stream that lay somewhere for longer than a quarter of the limit', () => {
  /** Holds back so many requests for the stream. */
  function holdingBack(streams: number, milliseconds: number) {
    const asked = { streams: 0 };
    const held: typeof globalThis.fetch = async (url, options) => {
      const isHeld = String(url).endsWith('/events') && (asked.streams += 1) <= streams;
      if (isHeld) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return globalThis.fetch(url, options);
    };
    return { asked, fetch: held };
  }

  test('is made again: else all that comes on it would count as older by as much, for ten minutes', async () => {
    const { asked, fetch } = holdingBack(1, 2_000);
    const verifier = await follow(one.url, { maxStaleness: 5, fetch });
    await poll(() => verifier.status.staleness < 1.5);
    expect(asked.streams).toBe(2);
    verifier.close();
  });

  test('is not made again for ever where each of them is slow', async () => {
    const { asked, fetch } = holdingBack(Infinity, 1_000);
    const verifier = await follow(one.url, { maxStaleness: 3, fetch });
    await poll(() => asked.streams === 2);
    const until = performance.now() + 6_000;
    await poll(() => performance.now() > until);
    // The request, a heartbeat and the service's own look, a second each, may just be more than the limit.
    await poll(() => verifier.status.fresh);
    expect(asked.streams).toBe(2);
    verifier.close();
  }, 30_000);
});

const epoch = randomUUID();
const list = `{"epoch":"${epoch}","head":3,"items":[\n{"seq":3,"kind":"session","subject":"gone"}\n]}\n`;
const event = (type: string, data: object, seq?: number) =>
  `${seq === undefined ? '' : `id: ${epoch}:${seq}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const beat = (changes: object = {}) =>
  event('heartbeat', { after: 3, head: 3, elapsed: 0, staleness: 0, ...changes }, 3);

describe('what comes instead of the feed', () => {
  const rubbish: Record<string, { list?: string; stream?: string; type?: string; ends?: true; code: string }> = {
    'a page instead of the list': { list: '<html>', code: 'feed_invalid' },
    'a list that breaks off': { list: list.slice(0, -4), code: 'feed_invalid' },
    'a list with an item that is none': { list: list.replace('"session"', '"__proto__"'), code: 'feed_invalid' },
    'a list with a seq as text': { list: list.replace('"seq":3', '"seq":"3"'), code: 'feed_invalid' },
    'a list of another shape': { list: '{"items":[]}', code: 'feed_invalid' },
    'a stream of another type': { stream: beat(), type: 'text/html', code: 'feed_invalid' },
    'a stream that ends at once': { stream: ': nothing\n\n', ends: true, code: 'unreachable' },
    'data that is no JSON': { stream: `id: ${epoch}:3\nevent: heartbeat\ndata: {\n\n`, code: 'feed_invalid' },
    'a heartbeat without an id': { stream: event('heartbeat', { elapsed: 0, staleness: 0 }), code: 'feed_invalid' },
    'a heartbeat of another log': { stream: beat().replace(epoch, randomUUID()), code: 'feed_invalid' },
    'a heartbeat past what was told': { stream: beat({ after: 9 }), code: 'feed_invalid' },
    'a heartbeat from the future': { stream: beat({ elapsed: 3_600_000 }), code: 'feed_invalid' },
    'a heartbeat of negative age': { stream: beat({ staleness: -5_000 }), code: 'feed_invalid' },
    'a heartbeat without its age': { stream: beat({ staleness: null }), code: 'feed_invalid' },
    'an event of a kind that nobody knows': {
      stream: event('revocations', { after: 3, items: [{ seq: 4, kind: 'device', subject: 'x' }] }, 4) + beat(),
      code: 'feed_invalid',
    },
  };

  test.each(Object.entries(rubbish))('%s: a typed error, and no token is accepted', async (_, wrong) => {
    const errors: { code?: string }[] = [];
    const served = await serve((response, { url: path = '' }) => {
      if (path.endsWith('/events')) {
        response.setHeader('content-type', wrong.type ?? 'text/event-stream');
        response.write(wrong.stream ?? beat());
        if (wrong.ends) response.end();
      } else response.end(wrong.list ?? list);
    });
    const device = await Device.register(one);
    const verifier = createVerifier({
      issuer: PUBLIC_URL,
      audience: 'account',
      credentials: { id: 'account', secret: backend.secret },
      feed: `${served.url}/v1/revocations`,
      jwks: `${one.url}/.well-known/jwks.json`,
      onError: (error) => errors.push(error as { code?: string }),
    });
    await poll(() => errors.length > 0 && verifier.status.keys > 0);
    expect(errors[0]!.code).toBe(wrong.code);
    expect(await refusalBy(verifier, device.accessToken)).toBe('revocation_unavailable');
    verifier.close();
    await served.close();
  });

  test.each([0, 1, 2, 3, 4, 5])('closed %d turns after the list came, it follows no more', async (turns) => {
    let open = 0;
    const served = await serve((response, { url: path = '' }) => {
      if (!path.endsWith('/events')) return void response.end(list);
      open += 1;
      response.on('close', () => (open -= 1)).setHeader('content-type', 'text/event-stream');
      response.write(beat());
    });
    const closed = new Promise<Verifier>((resolve) => {
      const fetch: typeof globalThis.fetch = async (url, options) => {
        const response = await globalThis.fetch(url, options);
        if (String(url) !== `${served.url}/v1/revocations`) return response;
        const text = await response.text();
        void inTurns(turns).then(() => {
          verifier.close();
          resolve(verifier);
        });
        return new Response(text, { headers: response.headers });
      };
      const verifier = createVerifier({
        issuer: served.url,
        audience: 'account',
        credentials: { id: 'account', secret: backend.secret },
        jwks: `${one.url}/.well-known/jwks.json`,
        fetch,
      });
    });
    const verifier = await closed;
    await new Promise((resolve) => setTimeout(resolve, 300));
    await poll(() => open === 0);
    expect(verifier.status.fresh).toBe(false);
    await served.close();
  });
});

async function inTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
}

describe('a follower that is closed by what it tells of', () => {
  const ended = (seq: number) =>
    event('revocations', { after: 3, items: [{ seq, kind: 'session', subject: 's' }] }, seq);

  /** Follows until it is closed. All of the stream comes in one packet, its end included, once its head has arrived. */
  async function follow(
    stream: string,
    listeners: Pick<FollowerOptions, 'onEntries' | 'onConfirmed'>,
    index?: unknown,
  ) {
    const asked: string[] = [];
    const served = await serve((response, { url: path = '' }) => {
      asked.push(path);
      if (!path.endsWith('/events')) return response.end(list);
      response.setHeader('content-type', 'text/event-stream').flushHeaders();
      send = () => response.end(stream);
    });
    let send = () => {};
    follower = new RevocationFollower({
      feed: new URL(`${served.url}/v1/revocations`),
      credentials: { id: 'account', secret: 'x' },
      maxStaleness: 5,
      clock: systemClock,
      fetch: (url, options) => fetch(url, options).finally(() => send()),
      onError: (error) => errors.push(error),
      ...listeners,
    });
    if (index) follower.index = index as RevocationFollower['index'];
    await follower.run();
    await served.close();
    return asked;
  }

  let follower: RevocationFollower;
  let errors: unknown[];
  beforeEach(() => (errors = []));
  const close = () => follower.close();

  test('ends, takes nothing more of what came with it, and is not fresh again', async () => {
    const stream = beat() + ended(4) + ended(5) + beat({ after: 3 });
    const onEntries = (entries: unknown) => entries && close();
    await follow(stream, { onEntries, onConfirmed: () => undefined });
    expect([follower.cursor?.seq, follower.freshness.isFresh(), errors]).toEqual([4, false, []]);
  });

  test('ends at a heartbeat', async () => {
    await follow(beat(), { onEntries: () => undefined, onConfirmed: close });
    expect([follower.freshness.isFresh(), errors]).toEqual([false, []]);
  });

  test('asks for no stream after the list', async () => {
    const asked = await follow(beat(), { onEntries: close, onConfirmed: () => undefined });
    expect([asked, errors]).toEqual([['/v1/revocations'], []]);
  });

  test('tells nothing of a list that it was about to take over', async () => {
    const told: unknown[] = [];
    const known = {
      *slicesAfter() {
        yield [];
        close();
        yield [];
      },
    };
    await follow(beat(), { onEntries: (entries) => told.push(entries), onConfirmed: () => undefined }, known);
    expect([told, errors]).toEqual([[], []]);
  });
});
