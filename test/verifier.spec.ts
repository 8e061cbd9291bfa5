import { createVerifier, FeedError, type Verifier } from '@portcullis/verifier';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { claimsOf, headerOf, keysOf, signerOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { newBackend } from './support/feed.js';
import { followed, refusalBy, startVerifier } from './support/following.js';
import { poll } from './support/poll.js';
import { change } from './support/revocation.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';
import { tokenCorpus } from './support/token-corpus.js';

let one: Service;
let two: Service;
/** Follows the second instance; what is revoked on the first one comes by way of the database. */
let verifier: Verifier;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  verifier = await startVerifier(two);
});
afterAll(async () => {
  verifier.close();
  await two.stop();
  await one.stop();
});

test('says who bears a token, and refuses it soon after its session has ended on another instance', async () => {
  const device = await Device.register(one);
  const { iat: _, ...claims } = claimsOf(device.accessToken);
  const principal = await verifier.verify(device.accessToken);
  expect(principal).toMatchObject({
    userId: device.userId,
    sessionId: device.sessionId,
    applicationId: 'account',
    claims,
  });
  expect(Object.isFrozen(principal.claims)).toBe(true);
  // A token that was seen before costs no promise.
  expect(verifier.check(device.accessToken)).toBe(principal);
  await device.send('/v1/auth/logout', { method: 'POST' });
  await poll(async () => (await refusalBy(verifier, device.accessToken)) === 'session_ended');
});

test.each(['ES256', 'RS256'])(
  'any other token gets the answer that the service gives, whose tests run the same corpus (%s)',
  async (algorithm) => {
    const own = algorithm === 'ES256' ? null : await startService({ env: { SIGNING_ALGORITHM: algorithm } });
    const asked = own ? await startVerifier(own) : verifier;
    const { options } = signerOf(await Device.register(own ?? one));
    expect(options.alg).toBe(algorithm);
    // Its verdicts hold for two seconds.
    const answers = await Promise.all(
      tokenCorpus(options).map(async ({ name, token, expect }) => {
        return { name, code: (await refusalBy(asked, token)) ?? 'accepted', expect };
      }),
    );
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter(({ code, expect }) => code !== expect)).toEqual([]);
    if (!own) return;
    asked.close();
    await own.stop();
  },
);

test('a token for another audience is refused, also one of the same service', async () => {
  const shop = await newBackend(one);
  const other = await startVerifier(two, { backend: shop });
  const device = await Device.register(one);
  expect(await refusalBy(other, device.accessToken)).toBe('token_invalid');
  other.close();
});

test('jose verifies our tokens by our published keys (createRemoteJWKSet)', async () => {
  const device = await Device.register(one);
  const keys = createRemoteJWKSet(new URL(`${one.url}/.well-known/jwks.json`));
  const options = { issuer: PUBLIC_URL, audience: 'account', typ: 'at+jwt', algorithms: ['ES256'] };
  const { payload, protectedHeader } = await jwtVerify(device.accessToken, keys, options);
  expect(payload).toEqual(claimsOf(device.accessToken));
  expect(protectedHeader).toEqual(headerOf(device.accessToken));
  const altered = `${device.accessToken.slice(0, -3)}AAA`;
  await expect(jwtVerify(altered, keys, options)).rejects.toThrow();
});

describe('keys', () => {
  test('a new key is fetched once however many tokens name it, and a kid that nobody has costs one look in a while', async () => {
    let looks = 0;
    const counting: typeof fetch = (input, init) => {
      if (String(input).endsWith('jwks.json')) looks += 1;
      return fetch(input, init);
    };
    const own = await startVerifier(two, { fetch: counting, refetchInterval: 1 });
    expect(looks).toBe(1);
    const device = await Device.register(one);
    const signer = signerOf(device);
    const unknown = signer.sign(signer.header({ kid: 'nobody' }));
    await poll(async () => {
      const codes = await Promise.all(Array.from({ length: 50 }, () => refusalBy(own, unknown)));
      expect(new Set(codes)).toEqual(new Set(['token_invalid']));
      return looks === 2;
    });
    const before = looks;
    await Promise.all(Array.from({ length: 50 }, () => refusalBy(own, unknown)));
    expect(looks - before).toBeLessThanOrEqual(1);
    own.close();
  });

  test('a key that was withdrawn refuses its tokens by name, also once it is published no more', async () => {
    const own = await startVerifier(two, { refetchInterval: 1 });
    const device = await Device.register(one);
    const { kid } = keysOf(one).signingKey();
    expect(await refusalBy(own, device.accessToken)).toBeNull();
    await change(
      one,
      `update signing_keys set status = 'withdrawn', withdrawn_at = now() where status = 'active';
       update signing_keys set status = 'active', activated_at = now() where status = 'standby'`,
      { kind: 'key', subject: kid, permanent: true },
    );
    await Promise.all([one, two].map((instance) => keysOf(instance).load()));
    await followed(own, two);
    expect(await refusalBy(own, device.accessToken)).toBe('token_revoked');
    const signer = signerOf(await Device.register(one));
    const unknown = signer.sign(signer.header({ kid: 'nobody' }));
    // Until it has fetched the keys again.
    await poll(async () => {
      await refusalBy(own, unknown);
      return (own as unknown as { remote: { askedAt: number } }).remote.askedAt > 0;
    });
    expect(await refusalBy(own, device.accessToken)).toBe('token_revoked');
    const refreshed = await Device.register(one);
    expect(await refusalBy(own, refreshed.accessToken)).toBeNull();
    own.close();
  });
});

describe('what an application holds open', () => {
  test('is told once when the session ends, and not when others do', async () => {
    const [ada, eve] = [await Device.register(one), await Device.register(one)];
    const told: string[] = [];
    verifier.onRevoked(ada.accessToken, (code) => told.push(`ada ${code}`));
    verifier.onRevoked(eve.accessToken, (code) => told.push(`eve ${code}`));
    const end = verifier.onRevoked(ada.accessToken, () => told.push('too late'));
    end();
    await ada.send('/v1/auth/logout', { method: 'POST' });
    await followed(verifier, two);
    await ada.login();
    expect(told).toEqual(['ada session_ended']);
  });

  test('is told when the account signs out everywhere, when the token runs out, and nothing of a token refused now', async () => {
    const clock = { shift: 0, now: () => Date.now() + clock.shift, monotonic: () => performance.now() };
    const own = await startVerifier(two, { clock });
    const [ada, eve] = [await Device.register(one), await Device.register(one)];
    const told: string[] = [];
    own.onRevoked(ada.accessToken, (code) => told.push(code));
    await ada.send('/v1/auth/logout-all', { method: 'POST' });
    await poll(() => told.length === 1);
    own.onRevoked(eve.accessToken, (code) => told.push(code));
    clock.shift = 700_000;
    await poll(() => told.length === 2);
    expect(told).toEqual(['token_outdated', 'token_expired']);
    clock.shift = 0;
    expect(() => own.onRevoked(ada.accessToken, () => undefined)).toThrow('token_outdated');
    own.close();
  });
});

describe('starting', () => {
  test('wrong credentials are told at once, and no token is accepted', async () => {
    const errors: unknown[] = [];
    const own = createVerifier({
      issuer: PUBLIC_URL,
      audience: 'account',
      feed: `${two.url}/v1/revocations`,
      credentials: { id: 'account', secret: 'wrong' },
      onError: (error) => errors.push(error),
    });
    await expect(own.ready()).rejects.toMatchObject({ name: 'FeedError', code: 'client_credentials_invalid' });
    expect(errors[0]).toBeInstanceOf(FeedError);
    const device = await Device.register(one);
    expect(await refusalBy(own, device.accessToken)).toBe('revocation_unavailable');
    own.close();
  });

  test('a service that is not there: unavailable, never an accepted token; once it is there it heals by itself', async () => {
    const backend = await newBackend(one, 'account');
    let gone = true;
    const own = createVerifier({
      issuer: PUBLIC_URL,
      audience: 'account',
      feed: `${two.url}/v1/revocations`,
      credentials: { id: 'account', secret: backend.secret },
      fetch: (input, init) => (gone ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init)),
    });
    const device = await Device.register(one);
    await expect(own.ready(0.2)).rejects.toMatchObject({ code: 'unreachable' });
    expect(await refusalBy(own, device.accessToken)).toBe('unavailable');
    gone = false;
    await own.ready();
    expect(await refusalBy(own, device.accessToken)).toBeNull();
    own.close();
    expect(await refusalBy(own, device.accessToken)).toBe('revocation_unavailable');
  });

  const good = { issuer: PUBLIC_URL, audience: 'account', credentials: { id: 'account', secret: 'x' } };
  test.each([
    ['issuer', { issuer: 'not a url' }],
    ['audience', { audience: '' }],
    ['audience', { audience: [] }],
    ['credentials', { credentials: { id: 'account', secret: '' } }],
    ['feed', { feed: 'file:///etc/passwd' }],
    ['maxStaleness', { maxStaleness: 0.5 }],
    ['maxStaleness', { maxStaleness: NaN }],
    ['onStale', { onStale: 'ignore' as never }],
  ])('an option that cannot be is named: %s %p', (name, wrong) => {
    expect(() => createVerifier({ ...good, ...wrong })).toThrow(name);
  });
});
