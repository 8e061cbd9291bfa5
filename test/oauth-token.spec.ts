import fc from 'fast-check';
import { OAUTH_ERRORS } from '../src/common/errors/oauth-error.js';
import { addApplication } from './support/applications.js';
import { Device, FROM_OWN_PAGE, send } from './support/device.js';
import { newBackend, type Backend } from './support/feed.js';
import { changeAccount } from './support/operator.js';
import { forged, renew, sendForm } from './support/oauth.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let account: Backend;
let shop: string;

beforeAll(async () => {
  service = await startService();
  account = await newBackend(service, 'account');
  shop = await addApplication(service);
});
afterAll(() => service.stop());

const grant = (device: Device, more: Record<string, string> = {}) => ({
  grant_type: 'refresh_token',
  refresh_token: device.refreshToken,
  client_id: 'account',
  ...more,
});

describe('the refresh grant', () => {
  test('gives a public client new tokens in the form of RFC 6749, section 5.1, which nobody may keep', async () => {
    const device = await Device.register(service);
    const { status, body, headers } = await renew(service, device.refreshToken);
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 600,
        refresh_token: expect.stringMatching(/^prt_/),
      },
    ]);
    expect(body.refresh_token).not.toBe(device.refreshToken);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    expect((await device.send('/v1/users/me', { token: body.access_token })).status).toBe(200);
    device.refreshToken = body.refresh_token;
    expect((await device.refresh()).status).toBe(200);
  });

  test('gives a client with credentials the same', async () => {
    const device = await Device.register(service);
    const { client_id: _, ...form } = grant(device);
    expect((await sendForm(service, '/oauth/token', form, account.headers)).status).toBe(200);
  });

  test('the same token again within the grace gets the same one; later it ends the session, as at /v1/auth/refresh', async () => {
    const device = await Device.register(service);
    const first = await renew(service, device.refreshToken);
    const again = await renew(service, device.refreshToken);
    expect(again.body.refresh_token).toBe(first.body.refresh_token);
    await service.advance(service.config.refreshGrace + 1);
    expect(await renew(service, device.refreshToken)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', code: 'refresh_token_reused', action: 'sign_in' },
    });
    expect(await renew(service, first.body.refresh_token)).toMatchObject({ code: 'session_ended' });
    expect(await device.access()).toBe('session_ended');
  });

  test('fifty at the same time, over both routes: one new token, and nobody is signed out', async () => {
    const device = await Device.register(service);
    const body = { refreshToken: device.refreshToken };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n % 2 ? renew(service, device.refreshToken) : send(service, '/v1/auth/refresh', { body }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refresh_token ?? body.refreshToken)).size).toBe(1);
  });
});

describe('what it refuses', () => {
  test.each(['suspended', 'signed out', 'forged', 'an access token', 'of another application', 'of a cookie'])(
    '%s: 400 invalid_grant, with our code, and no challenge',
    async (what) => {
      const device = await Device.register(service);
      const { cookie, token } = await cookieToken(device);
      const codes: Record<string, [code: string, form: () => Promise<Record<string, string>>]> = {
        suspended: [
          'account_suspended',
          () => changeAccount(service, device.userId, { status: 'suspended' }).then(() => grant(device)),
        ],
        'signed out': [
          'session_ended',
          () => device.send('/v1/auth/logout', { method: 'POST' }).then(() => grant(device)),
        ],
        forged: ['refresh_token_invalid', async () => grant(device, { refresh_token: forged(device.refreshToken) })],
        'an access token': ['refresh_token_invalid', async () => grant(device, { refresh_token: device.accessToken })],
        'of another application': ['refresh_token_invalid', async () => grant(device, { client_id: shop })],
        'of a cookie': ['refresh_token_invalid', async () => grant(device, { refresh_token: token })],
      };
      const [code, form] = codes[what]!;
      const { status, body, headers } = await sendForm(service, '/oauth/token', await form(), { cookie });
      expect({ status, error: body.error, code: body.code }).toEqual({ status: 400, error: 'invalid_grant', code });
      expect(body).toMatchObject({ status: 400, error_description: body.detail, type: expect.any(String) });
      expect(headers.get('www-authenticate')).toBeNull();
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    },
  );

  const refused: Record<string, [error: string, form: Record<string, string> | [string, string][] | string]> = {
    'another grant': ['unsupported_grant_type', { grant_type: 'password', username: 'a', password: 'b' }],
    'a grant of another case': ['unsupported_grant_type', { grant_type: 'Refresh_Token', refresh_token: 'x' }],
    'no grant': ['invalid_request', { refresh_token: 'x' }],
    'no token': ['invalid_request', { grant_type: 'refresh_token' }],
    'an empty token': ['invalid_request', { grant_type: 'refresh_token', refresh_token: '' }],
    'a scope': ['invalid_scope', { grant_type: 'refresh_token', refresh_token: 'x', scope: 'openid' }],
    'a parameter twice': ['invalid_request', 'grant_type=refresh_token&refresh_token=x&refresh_token=x'],
    'an unknown parameter twice': ['invalid_request', 'grant_type=refresh_token&refresh_token=x&a=1&a=1'],
    'a parameter twice, once without a value': ['invalid_request', 'grant_type=&grant_type=refresh_token'],
    'the name of a prototype': ['invalid_request', 'grant_type=refresh_token&refresh_token=x&__proto__=y'],
    NUL: ['invalid_request', 'grant_type=refresh_token&refresh_token=%00'],
    'a token that is too long': ['invalid_grant', { grant_type: 'refresh_token', refresh_token: 'x'.repeat(8_193) }],
    'percent signs that encode nothing': ['invalid_grant', 'grant_type=refresh_token&refresh_token=%zz%'],
    'an unknown parameter': ['invalid_grant', 'grant_type=refresh_token&refresh_token=x&resource=y'],
  };
  test.each(Object.keys(refused))('%s', async (what) => {
    const [error, form] = refused[what]!;
    const { status, body } = await sendForm(service, '/oauth/token', form, account.headers);
    expect({ status, error: body.error }).toEqual({ status: 400, error });
    expect(body.error_description).toMatch(/^[ !#-[\]-~]+$/);
  });

  test('a body of another type: 415 invalid_request; one that is too large: 413', async () => {
    const post = async (type: string, body: string) => {
      const response = await fetch(`${service.url}/oauth/token`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      return { status: response.status, ...((await response.json()) as object) };
    };
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x'])
      expect(await post(type, '{}')).toMatchObject({
        status: 415,
        error: 'invalid_request',
        code: 'unsupported_media_type',
      });
    const large = `refresh_token=${'x'.repeat(20_000)}`;
    expect(await post('application/x-www-form-urlencoded', large)).toMatchObject({
      status: 413,
      error: 'invalid_request',
    });
  });
});

test('random forms: never a 5xx, and whatever is wrong is said as RFC 6749 says it', async () => {
  const device = await Device.register(service);
  const name = fc.oneof(
    fc.constantFrom('grant_type', 'refresh_token', 'token', 'token_type_hint', 'client_id', 'client_secret', 'scope'),
    fc.string({ unit: 'binary' }),
  );
  const value = fc.oneof(
    fc.constantFrom('refresh_token', 'account', shop, device.accessToken, device.refreshToken, '\0', '__proto__', ''),
    fc.string({ unit: 'binary' }),
  );
  const form = fc.oneof(
    fc.array(fc.tuple(name, value), { maxLength: 6 }).map((pairs) => new URLSearchParams(pairs).toString()),
    fc.stringMatching(/^[!-~]{0,60}$/),
    fc.uint8Array({ maxLength: 60 }),
  );
  const path = fc.constantFrom('/oauth/token', '/oauth/introspect', '/oauth/revoke');
  const authorization = fc.constantFrom(account.headers.authorization, 'Basic', 'Basic Og==', 'Bearer x', '');
  await fc.assert(
    fc.asyncProperty(path, form, authorization, async (path, body, authorization) => {
      const response = await fetch(service.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...(authorization && { authorization }) },
        body: body as string,
      });
      const { status } = response;
      const text = await response.text();
      expect(status).toBeLessThan(500);
      if (status !== 200) expect(OAUTH_ERRORS).toContain(JSON.parse(text).error);
    }),
    { numRuns: 300 },
  );
});

test('no other route reads a form', async () => {
  const { body } = await send(service, '/openapi.json');
  const routes = Object.entries(body.paths as Record<string, Record<string, { requestBody?: { content: object } }>>);
  const forms: string[] = [];
  for (const [path, methods] of routes) {
    for (const [method, { requestBody }] of Object.entries(methods)) {
      if (!requestBody) continue;
      const url = path.replace(/\{\w+\}/g, '7d0f3a52-41c3-4a6e-8d55-0c2f6a1b9e10');
      const response = await fetch(service.url + url, {
        method: method.toUpperCase(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'a=b',
      });
      if (response.status !== 415) forms.push(path);
    }
  }
  expect(forms).toEqual(['/oauth/token', '/oauth/introspect', '/oauth/revoke']);
});

/** A refresh token of the same person that came in a cookie, and the cookie. */
async function cookieToken(device: Device): Promise<{ cookie: string; token: string }> {
  const { email, password } = device;
  const { headers } = await send(service, '/v1/auth/login', { body: { email, password }, headers: FROM_OWN_PAGE });
  const [, token = ''] = /^__Host-portcullis-account=([^;]+)/.exec(headers.getSetCookie()[0] ?? '') ?? [];
  return { cookie: `__Host-portcullis-account=${token}`, token };
}
