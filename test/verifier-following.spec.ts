import { createVerifier, type FeedError, type VerifierOptions } from '@portcullis/verifier';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Device } from './support/device.js';
import { newBackend, type Backend } from './support/feed.js';
import { followed, refusalBy, startVerifier } from './support/following.js';
import { serve } from './support/http-server.js';
import { poll } from './support/poll.js';
import { catchUp, syncOf } from './support/revocation.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
let backend: Backend;

beforeAll(async () => {
  service = await startService();
  backend = await newBackend(service, 'account');
});
afterAll(() => service.stop());

/** Counts what a verifier asks for, by the last part of the path. */
function counting() {
  const asked: Record<string, number> = {};
  const fetch: VerifierOptions['fetch'] = (input, init) => {
    const name = new URL(input as URL).pathname.split('/').at(-1)!;
    asked[name] = (asked[name] ?? 0) + 1;
    return globalThis.fetch(input, init);
  };
  return { asked, fetch };
}

test('after ten minutes it asks for the stream anew, without a list and without a fault', async () => {
  const clock = { shift: 0, now: () => Date.now() + clock.shift, monotonic: () => performance.now() + clock.shift };
  const errors: unknown[] = [];
  const { asked, fetch } = counting();
  const verifier = await startVerifier(service, { backend, clock, fetch, onError: (error) => errors.push(error) });
  const device = await Device.register(service);
  expect(await refusalBy(verifier, device.accessToken)).toBeNull();
  clock.shift = 9 * 60_000;
  await poll(() => verifier.status.staleness > 60);
  // A stream by which it is nine minutes behind goes on, and confirms nothing.
  expect([asked['events'], verifier.status.fresh]).toEqual([1, false]);
  clock.shift = 10 * 60_000;
  await poll(() => verifier.status.fresh);
  expect([asked['events'], asked['revocations'], errors]).toEqual([2, 1, []]);
  verifier.close();
});

test('410: it loads the list of the new log, and whatever it knew refuses all the while', async () => {
  const errors: FeedError[] = [];
  const { asked, fetch } = counting();
  const onError = (error: unknown) => errors.push(error as FeedError);
  const verifier = await startVerifier(service, { backend, fetch, onError });
  const [ended, good] = [await Device.register(service), await Device.register(service)];
  await ended.send('/v1/auth/logout', { method: 'POST' });
  await followed(verifier, service);
  const before = verifier.status.cursor!.split(':')[0];

  // What another log does not say, this verifier has still been told.
  await service.db.query('delete from revocations where subject = $1', [ended.sessionId]);
  await service.db.query('update revocation_head set epoch = gen_random_uuid()');
  const codes = new Set<string | null>();
  const watching = poll(async () => {
    codes.add(await refusalBy(verifier, ended.accessToken));
    const { cursor, fresh } = verifier.status;
    return cursor !== null && !cursor.startsWith(`${before}:`) && fresh;
  });
  await catchUp(service);
  await watching;
  expect([...codes].filter((code) => code !== 'revocation_unavailable')).toEqual(['session_ended']);
  expect(errors.map(({ code }) => code)).toContain('cursor_gone');
  expect([asked['revocations'], verifier.status.cursor!.split(':')[0]]).toEqual([2, syncOf(service).position!.epoch]);
  expect(await refusalBy(verifier, ended.accessToken)).toBe('session_ended');
  expect(await refusalBy(verifier, good.accessToken)).toBeNull();
  verifier.close();
});

test('what another log does not say, but was told before, is refused all the same', async () => {
  const [ended, good] = [await Device.register(service), await Device.register(service)];
  const [old, next] = [randomUUID(), randomUUID()];
  let epoch = old;
  const served = await serve((response, { url }) => {
    if (url === '/v1/revocations/events') {
      if (epoch === old) return response.writeHead(410).end(void (epoch = next));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.write(
        `id: ${next}:1\nevent: heartbeat\ndata: {"after":1,"head":1,"elapsed":0,"staleness":0}\n\n`,
      );
    }
    const item = `{"seq":9,"kind":"session","subject":"${ended.sessionId}"}`;
    if (epoch === old) return response.end(`{"epoch":"${old}","head":9,"items":[\n${item}\n]}\n`);
    return response.end(`{"epoch":"${next}","head":1,"items":[\n]}\n`);
  });
  const jwks = `${service.url}/.well-known/jwks.json`;
  const verifier = await startVerifier({ ...service, url: served.url }, { backend, jwks });
  expect(verifier.status.cursor).toBe(`${next}:1`);
  expect(await refusalBy(verifier, ended.accessToken)).toBe('session_ended');
  expect(await refusalBy(verifier, good.accessToken)).toBeNull();
  verifier.close();
  await served.close();
});

test('a function that lives for a second asks about each token, and needs no stream for it', async () => {
  const [good, ended] = [await Device.register(service), await Device.register(service)];
  await ended.send('/v1/auth/logout', { method: 'POST' });
  // What of a feed there is has not answered yet.
  const served = await serve(() => undefined);
  const verifier = createVerifier({
    issuer: PUBLIC_URL,
    audience: 'account',
    credentials: { id: 'account', secret: backend.secret },
    feed: `${served.url}/v1/revocations`,
    jwks: `${service.url}/.well-known/jwks.json`,
    introspection: `${service.url}/oauth/introspect`,
    onStale: 'introspect',
  });
  expect((await verifier.verify(good.accessToken)).userId).toBe(good.userId);
  expect(await refusalBy(verifier, ended.accessToken)).toBe('token_revoked');
  expect(await refusalBy(verifier, `${good.accessToken}x`)).toBe('token_invalid');
  verifier.close();
  await served.close();
});

test('a log that throws does not end the following, nor does a listener', async () => {
  const broken = () => {
    throw new Error('a fault of the application');
  };
  const verifier = await startVerifier(service, { backend, onError: broken });
  const [one, two] = [await Device.register(service), await Device.register(service)];
  verifier.onRevoked(one.accessToken, broken);
  await one.send('/v1/auth/logout', { method: 'POST' });
  await two.send('/v1/auth/logout', { method: 'POST' });
  await followed(verifier, service);
  expect(await refusalBy(verifier, two.accessToken)).toBe('session_ended');
  verifier.close();
});

describe('a service that answers otherwise: a typed error that says what, and no token is accepted', () => {
  const epoch = randomUUID();
  const cursor = `${epoch}:3`;
  const LIST = `{"epoch":"${epoch}","head":3,"items":[\n]}\n`;
  const beat = (elapsed = 0) =>
    `id: ${cursor}\nevent: heartbeat\ndata: {"after":3,"head":3,"elapsed":${elapsed},"staleness":0}\n\n`;
  type Answer = (response: ServerResponse, request: IncomingMessage) => unknown;
  const status =
    (code: number): Answer =>
    (response) =>
      response.writeHead(code).end('{}');
  const stream =
    (...parts: (string | number)[]): Answer =>
    async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of parts) {
        if (typeof part === 'string') response.write(part);
        else await new Promise((resolve) => setTimeout(resolve, part));
      }
    };
  const list: Answer = (response) => response.end(LIST);
  const nothing: Answer = () => undefined;

  const cases: Record<string, { list?: Answer; events?: Answer; keys?: Answer; code: FeedError['code'] }> = {
    'the list: wrong credentials': { list: status(401), code: 'client_credentials_invalid' },
    'the list: not allowed': { list: status(403), code: 'feed_invalid' },
    'the list: not there': { list: status(404), code: 'feed_invalid' },
    'the list: a stale service': { list: status(503), code: 'service_unavailable' },
    'the list: a fault': { list: status(500), code: 'service_unavailable' },
    'the list: asked too often': { list: status(429), code: 'service_unavailable' },
    'the list: a redirect, which could carry the secret elsewhere': {
      list: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
      code: 'unreachable',
    },
    'the list: breaks off': {
      list: (response) => {
        response.write(LIST.slice(0, 60));
        setTimeout(() => response.destroy(), 20);
      },
      code: 'unreachable',
    },
    'the list: bytes that are no text': {
      list: (response) => response.end(Buffer.from([0xff, 0xfe, 0x0a])),
      code: 'feed_invalid',
    },
    'the stream: the secret was taken away': { events: status(401), code: 'client_credentials_invalid' },
    'the stream: an unknown cursor, whatever the list says': { events: status(410), code: 'cursor_gone' },
    'the stream: a stale service': { events: status(503), code: 'service_unavailable' },
    'the stream: another epoch': { events: stream(beat().replace(epoch, randomUUID())), code: 'feed_invalid' },
    'the stream: nothing comes': { events: stream(), code: 'unreachable' },
    'the stream: no answer at all': { events: nothing, code: 'unreachable' },
    'the stream: comes too late to say anything': { events: stream(2_500, beat()), code: 'unreachable' },
    'the stream: an event without an end': {
      events: stream(`data: ${'x'.repeat(2 * 1024 * 1024)}`),
      code: 'feed_invalid',
    },
    'the keys: not there': { keys: status(404), code: 'feed_invalid' },
    'the keys: none': { keys: (response) => response.end('{"keys":[]}'), code: 'feed_invalid' },
    'the keys: rubbish': { keys: (response) => response.end('<html>'), code: 'feed_invalid' },
    'the keys: those of somebody else': {
      keys: (response) => response.end('{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"x","alg":"HS256"}]}'),
      code: 'feed_invalid',
    },
  };

  test.each(Object.keys(cases))('%s', async (name) => {
    const one = cases[name]!;
    const keys = await (await fetch(`${service.url}/.well-known/jwks.json`)).text();
    const served = await serve((response, request) => {
      if (request.url === '/.well-known/jwks.json') return (one.keys ?? ((own) => own.end(keys)))(response, request);
      if (request.url === '/v1/revocations/events') return (one.events ?? stream(beat()))(response, request);
      return (one.list ?? list)(response, request);
    });
    const errors: FeedError[] = [];
    const device = await Device.register(service);
    const verifier = createVerifier({
      issuer: PUBLIC_URL,
      audience: 'account',
      credentials: { id: 'account', secret: backend.secret },
      feed: `${served.url}/v1/revocations`,
      maxStaleness: 2,
      onError: (error) => errors.push(error as FeedError),
    });
    const codes = new Set<string | null>();
    await poll(async () => {
      codes.add(await refusalBy(verifier, device.accessToken));
      return errors.length > 0;
    });
    for (let i = 0; i < 10; i++) codes.add(await refusalBy(verifier, device.accessToken));
    expect(errors[0]).toMatchObject({ name: 'FeedError', code: one.code });
    // What it said before it had asked for anything is part of it.
    expect([...codes].filter((code) => code !== 'unavailable' && code !== 'revocation_unavailable')).toEqual([]);
    expect(JSON.stringify(errors.map(String))).not.toContain(backend.secret);
    verifier.close();
    await served.close();
  });
});
