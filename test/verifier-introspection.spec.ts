import type { Verifier, VerifierOptions } from '@portcullis/verifier';
import { applicationsOf } from './support/applications.js';
import { Device } from './support/device.js';
import { newBackend, type Backend } from './support/feed.js';
import { followed, refusalBy, startVerifier } from './support/following.js';
import { poll } from './support/poll.js';
import { changeAccount } from './support/operator.js';
import { syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

/** What bounds a verifier, in seconds: the least there is. */
const LIMIT = 2;

let service: Service;
let backend: Backend;
/** The way of the feed and of the keys, and the way of introspection. */
let feed: TcpProxy;
let asking: TcpProxy;
/** What came by that way. */
let asked = '';

beforeAll(async () => {
  service = await startService();
  backend = await newBackend(service, 'account');
  feed = await startProxy(service.url);
  asking = await startProxy(service.url, (_, bytes) => (asked += bytes.toString()));
});
afterEach(() => {
  feed.heal();
  asking.heal();
});
afterAll(async () => {
  await feed.close();
  await asking.close();
  await service.stop();
});

/** Of the verifiers. */
const clock = { shift: 0, now: () => Date.now() + clock.shift, monotonic: () => performance.now() + clock.shift };

const questions = () => [...asked.matchAll(/POST \/oauth\/introspect /g)].length;
const addressOf = ({ url }: TcpProxy) => url.replace(/\/$/, '');

const follow = (options: Partial<VerifierOptions> = {}): Promise<Verifier> =>
  startVerifier(
    { ...service, url: addressOf(feed) },
    {
      backend,
      maxStaleness: LIMIT,
      onStale: 'introspect',
      clock,
      introspection: `${addressOf(asking)}/oauth/introspect`,
      ...options,
    },
  );

/** The feed is gone, and has been for longer than the verifier's limit. */
function lose(verifier: Verifier, way: 'cut' | 'freeze' = 'cut'): void {
  feed[way]();
  clock.shift += LIMIT * 1000 + 100;
  expect(verifier.status.fresh).toBe(false);
}

describe('a verifier that cannot know what is revoked asks', () => {
  test.each(['cut', 'freeze'] as const)(
    'the feed is lost (%s): what is good is accepted, what was revoked since is refused at once, and back it asks no more',
    async (way) => {
      const verifier = await follow();
      const [good, ended, suspended] = await Promise.all([1, 2, 3].map(() => Device.register(service)));
      for (const device of [good!, ended!, suspended!])
        expect(await refusalBy(verifier, device.accessToken)).toBeNull();
      asked = '';
      await refusalBy(verifier, good!.accessToken);
      expect(questions()).toBe(0);

      lose(verifier, way);
      expect(await refusalBy(verifier, good!.accessToken)).toBeNull();
      expect(await verifier.verify(good!.accessToken)).toMatchObject({
        userId: good!.userId,
        sessionId: good!.sessionId,
      });
      await ended!.send('/v1/auth/logout', { method: 'POST' });
      await changeAccount(service, suspended!.userId, { status: 'suspended' });
      // It is not told why. A refresh is.
      expect(await refusalBy(verifier, ended!.accessToken)).toBe('token_revoked');
      expect(await refusalBy(verifier, suspended!.accessToken)).toBe('token_revoked');
      expect(questions()).toBe(4);

      feed.heal();
      await poll(() => verifier.status.fresh);
      await followed(verifier, service);
      asked = '';
      expect(await refusalBy(verifier, good!.accessToken)).toBeNull();
      expect(await refusalBy(verifier, ended!.accessToken)).toBe('session_ended');
      expect(await refusalBy(verifier, suspended!.accessToken)).toBe('account_suspended');
      expect(questions()).toBe(0);
      verifier.close();
    },
    30_000,
  );

  test('keeps no answer: who is let in is asked about again, and those who ask at the same time ask once', async () => {
    const verifier = await follow();
    const device = await Device.register(service);
    lose(verifier);
    asked = '';
    const codes = await Promise.all(Array.from({ length: 50 }, () => refusalBy(verifier, device.accessToken)));
    expect([new Set(codes), questions()]).toEqual([new Set([null]), 1]);
    await device.send('/v1/auth/logout', { method: 'POST' });
    expect(await refusalBy(verifier, device.accessToken)).toBe('token_revoked');
    expect(questions()).toBe(2);
    verifier.close();
  });

  test('what is wrong with the token itself it knows without asking, however old its knowledge', async () => {
    const verifier = await follow();
    const device = await Device.register(service);
    const elsewhere = await Device.register(service, { applicationId: (await newBackend(service)).applicationId });
    lose(verifier);
    asked = '';
    for (const token of [`${device.accessToken}x`, device.refreshToken, 'x', elsewhere.accessToken])
      expect(await refusalBy(verifier, token)).toBe('token_invalid');
    expect(questions()).toBe(0);
    verifier.close();
  });
});

describe('a verifier that cannot ask either says neither yes nor no', () => {
  test.each(['cut', 'freeze'] as const)('introspection is lost too (%s), and comes back', async (way) => {
    const errors: unknown[] = [];
    const verifier = await follow({ onError: (error) => errors.push(error) });
    const device = await Device.register(service);
    lose(verifier);
    asking[way]();
    expect(await refusalBy(verifier, device.accessToken)).toBe('revocation_unavailable');
    expect(await refusalBy(verifier, `${device.accessToken}x`)).toBe('token_invalid');
    expect(errors).toContainEqual(expect.objectContaining({ code: 'unreachable' }));
    asking.heal();
    expect(await refusalBy(verifier, device.accessToken)).toBeNull();
    verifier.close();
  });

  test('the service has lost its database: it says so, in the stream and in its answer', async () => {
    const database = await startProxy(service.db.url);
    const env = { DATABASE_URL: database.url, REVOCATION_MAX_STALENESS: `${LIMIT}s` };
    const lost = await startService({ besides: service, env });
    const verifier = await startVerifier(lost, { backend, maxStaleness: LIMIT, onStale: 'introspect' });
    const device = await Device.register(service);
    expect(await refusalBy(verifier, device.accessToken)).toBeNull();
    database.cut();
    await device.send('/v1/auth/logout', { method: 'POST' });
    await poll(async () => (await refusalBy(verifier, device.accessToken)) === 'revocation_unavailable');
    database.heal();
    await poll(async () => (await refusalBy(verifier, device.accessToken)) !== 'revocation_unavailable');
    expect(await refusalBy(verifier, device.accessToken)).toMatch(/^(token_revoked|session_ended)$/);
    verifier.close();
    await lost.stop();
    await database.close();
  }, 30_000);

  test('the service allows itself minutes and has lost its database: the limit is that of the verifier', async () => {
    const database = await startProxy(service.db.url);
    const env = { DATABASE_URL: database.url, REVOCATION_MAX_STALENESS: '5m' };
    const lost = await startService({ besides: service, env });
    const verifier = await startVerifier(lost, { backend, maxStaleness: LIMIT, onStale: 'introspect', clock });
    const device = await Device.register(service);
    expect(await refusalBy(verifier, device.accessToken)).toBeNull();
    database.cut();
    await device.send('/v1/auth/logout', { method: 'POST' });
    clock.shift += LIMIT * 1000 + 100;
    expect([verifier.status.fresh, syncOf(lost).isFresh()]).toEqual([false, true]);
    for (let asked = 0; asked < 5; asked++) {
      expect(await refusalBy(verifier, device.accessToken)).toBe('revocation_unavailable');
    }
    database.heal();
    await poll(async () => (await refusalBy(verifier, device.accessToken)) !== 'revocation_unavailable');
    expect(await refusalBy(verifier, device.accessToken)).toMatch(/^(token_revoked|session_ended)$/);
    verifier.close();
    await lost.stop();
    await database.close();
  }, 30_000);

  test.each(['now', 'monotonic'] as const)('the answer was under way for too long, by the clock %s', async (which) => {
    let slept = 0;
    const verifier = await follow({
      clock: { ...clock, [which]: () => clock[which]() + slept },
      fetch: async (url, options) => {
        const response = await fetch(url, options);
        if (String(url).endsWith('/introspect')) slept += LIMIT * 1000;
        return response;
      },
    });
    const device = await Device.register(service);
    lose(verifier);
    expect(await refusalBy(verifier, device.accessToken)).toBe('revocation_unavailable');
    expect(slept).toBe(LIMIT * 1000);
    expect(verifier.status.error).toMatchObject({ code: 'unreachable' });
    verifier.close();
  });

  test('its credentials are not good any more: its application was disabled', async () => {
    const own = await newBackend(service);
    const credentials = { id: own.applicationId, secret: own.secret };
    const verifier = await follow({ credentials, audience: own.applicationId });
    const device = await Device.register(service, { applicationId: own.applicationId });
    lose(verifier);
    expect(await refusalBy(verifier, device.accessToken)).toBeNull();
    await service.db.query('update applications set enabled = false where id = $1', [own.applicationId]);
    await applicationsOf(service).load();
    expect(await refusalBy(verifier, device.accessToken)).toBe('revocation_unavailable');
    expect(verifier.status.error).toMatchObject({ code: 'client_credentials_invalid' });
    verifier.close();
  });
});

test("with 'reject' it does not ask: past its limit it refuses, good or not", async () => {
  const verifier = await follow({ onStale: 'reject' });
  const device = await Device.register(service);
  expect(await refusalBy(verifier, device.accessToken)).toBeNull();
  lose(verifier);
  asked = '';
  expect(await refusalBy(verifier, device.accessToken)).toBe('revocation_unavailable');
  expect(questions()).toBe(0);
  verifier.close();
});
