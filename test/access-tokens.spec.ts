import { claimsOf, headerOf, keysOf, signerOf } from './support/access-token.js';
import { Device, FROM_OWN_PAGE, send } from './support/device.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';
import { tokenCorpus, type TokenCase } from './support/token-corpus.js';

/** Far above what any answer takes: only a hang takes longer. Milliseconds. */
const QUICK = 1_000;

let service: Service;
let device: Device;

beforeAll(async () => {
  service = await startService();
  device = await Device.register(service);
});
afterAll(() => service.stop());

test('an access token is a JWS of type at+jwt, signed by a published key, that says what RFC 9068 and we ask', async () => {
  const { body } = await send(service, '/.well-known/jwks.json');
  const { kid } = headerOf(device.accessToken);
  expect(headerOf(device.accessToken)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
  expect(body.keys.map((key: { kid: string }) => key.kid)).toContain(kid);

  const claims = claimsOf(device.accessToken);
  expect(claims).toEqual({
    iss: PUBLIC_URL,
    sub: device.userId,
    aud: 'account',
    exp: claims.iat + 600,
    iat: expect.any(Number),
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    client_id: 'account',
    sid: device.sessionId,
    ver: expect.any(Number),
    aver: expect.any(Number),
    auth_time: expect.any(Number),
    acr: 'aal1',
    amr: ['pwd'],
    roles: [],
  });
  for (const claim of ['exp', 'iat', 'auth_time', 'ver', 'aver'])
    expect(Number.isSafeInteger(claims[claim])).toBe(true);
});

test('every token has an id of its own, and nothing personal in it', async () => {
  const other = await device.another();
  expect(claimsOf(other.accessToken).jti).not.toBe(claimsOf(device.accessToken).jti);
  const text = JSON.stringify(claimsOf(other.accessToken));
  for (const personal of [device.email, '@', '127.0.0.1']) expect(text).not.toContain(personal);
});

test('a token never outlives its session', async () => {
  const brief = await startService({ env: { SESSION_MAX: '15m', SESSION_IDLE: '15m' } });
  const short = await Device.register(brief);
  const signedIn = claimsOf(short.accessToken).iat;
  await brief.advance(600);
  const answer = await short.refresh();
  const end = Date.parse(answer.body.session.expiresAt) / 1000;
  expect(end - signedIn).toBeLessThanOrEqual(901);
  expect(claimsOf(short.accessToken).exp).toBe(Math.floor(end));
  expect(answer.body.expiresIn).toBeLessThanOrEqual(301);
  await brief.stop();
});

describe('the corpus of tokens over HTTP', () => {
  const REQUIREMENTS = ['A5', 'A1', 'A2', 'A3', 'A4', 'A6', 'A7', 'A8', 'A9', 'A11'];

  /** What the service answers to a token, twice: by the strategy, and by what it remembers of it. */
  async function judge({ name, token, expect: expected }: TokenCase) {
    const started = performance.now();
    const first = await send(service, '/v1/users/me', { token });
    const second = await send(service, '/v1/users/me', { token });
    const found = [first, second].map(({ code, status }) => (status === 200 ? 'accepted' : `${status} ${code}`));
    const right = expected === 'accepted' ? 'accepted' : `401 ${expected}`;
    const ms = performance.now() - started;
    return found.every((answer) => answer === right) && ms < QUICK ? null : { name, right, found, ms };
  }

  test.each(REQUIREMENTS)('%s: each token gets its answer, quickly, and the same again', async (requirement) => {
    const corpus = () => tokenCorpus(signerOf(device).options).filter((one) => one.requirement === requirement);
    expect(corpus().length).toBeGreaterThan(0);
    const wrong = [];
    // Made when it is sent: some of them are right for three seconds only.
    for (const i of corpus().keys()) wrong.push(await judge(corpus()[i]!));
    expect(wrong.filter(Boolean)).toEqual([]);
  });

  test('no requirement of the corpus is left out', () => {
    const all = tokenCorpus(signerOf(device).options).map((one) => one.requirement);
    expect([...new Set(all)].toSorted()).toEqual(REQUIREMENTS.toSorted());
  });

  test('a key that a token names is never fetched', async () => {
    const header = { jku: `${service.url}/.well-known/jwks.json`, x5u: `${service.url}/health/live` };
    const signer = signerOf(device);
    let requests = 0;
    service.app.getHttpServer().on('request', () => (requests += 1));
    const answer = await send(service, '/v1/users/me', { token: signer.sign(signer.header(header)) });
    expect(answer).toMatchObject({ status: 401, code: 'token_invalid' });
    expect(requests).toBe(1);
  });
});

describe('nothing else passes for an access token', () => {
  test('neither a refresh token, a cookie, an id, a public key nor a private key', async () => {
    const browser = await send(service, '/v1/auth/login', {
      body: { email: device.email, password: device.password },
      headers: FROM_OWN_PAGE,
    });
    const cookie = browser.headers.get('set-cookie') ?? '';
    const { body: jwks } = await send(service, '/.well-known/jwks.json');
    const value = /=([^;]+)/.exec(cookie)?.[1] ?? '';
    expect(value).toMatch(/^prt_/);
    const jwk = keysOf(service).signingKey().privateKey.export({ format: 'jwk' });
    const artefacts = [device.refreshToken, value, cookie, device.sessionId, device.userId, jwks, jwk, browser.body];
    for (const artefact of artefacts) {
      const token = typeof artefact === 'string' ? artefact : JSON.stringify(artefact);
      expect(await send(service, '/v1/users/me', { token })).toMatchObject({ status: 401, code: 'token_invalid' });
    }
  });

  test('and an access token passes for nothing else', async () => {
    const token = device.accessToken;
    const cookie = `__Host-portcullis-account=${token}`;
    const refresh = (options: object) => send(service, '/v1/auth/refresh', { method: 'POST', ...options });
    const refused = { status: 401, code: 'refresh_token_invalid' };
    expect(await refresh({ body: { refreshToken: token } })).toMatchObject(refused);
    expect(await refresh({ headers: { ...FROM_OWN_PAGE, cookie } })).toMatchObject(refused);
    expect(await refresh({ token })).toMatchObject(refused);
  });

  test('nor does it count anywhere but in the Authorization header, after Bearer in any case', async () => {
    const token = device.accessToken;
    const missing = { status: 401, code: 'token_missing' };
    expect(await send(service, `/v1/users/me?access_token=${token}`)).toMatchObject(missing);
    const elsewhere: Record<string, string>[] = [
      { cookie: `access_token=${token}; __Host-portcullis-account=${device.refreshToken}` },
      { 'x-access-token': token },
      { authorization: token },
      { authorization: `Token ${token}` },
      { authorization: `Basic ${Buffer.from(`${token}:`).toString('base64')}` },
      { authorization: 'Bearer' },
    ];
    for (const headers of elsewhere) expect(await send(service, '/v1/users/me', { headers })).toMatchObject(missing);
    for (const scheme of ['bearer', 'BEARER']) {
      expect((await send(service, '/v1/users/me', { headers: { authorization: `${scheme} ${token}` } })).status).toBe(
        200,
      );
    }
  });
});
