import { jest } from '@jest/globals';
import { SharedRead } from '../src/common/shared-read.js';
import { RevocationLogRepository } from '../src/revocation/revocation-log.repository.js';
import { claimsOf, signerOf } from './support/access-token.js';
import { newBackend, type Backend } from './support/feed.js';
import { Device, FROM_OWN_PAGE, send } from './support/device.js';
import { changeAccount } from './support/operator.js';
import { forged, introspect, renew, sendForm } from './support/oauth.js';
import { poll } from './support/poll.js';
import { statementsOfRequests } from './support/request-statements.js';
import { catchUp, revoke, syncOf } from './support/revocation.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

let service: Service;
let account: Backend;
let shop: Backend;

beforeAll(async () => {
  service = await startService();
  account = await newBackend(service, 'account');
  shop = await newBackend(service, 'shop');
});
afterAll(() => service.stop());

/** Inactive, and nothing more. */
async function expectInactive(token: string, backend = account): Promise<void> {
  const { status, body } = await introspect(service, backend, token);
  expect([status, body]).toEqual([200, { active: false }]);
}

test('an access token of the asking application is active, with all that it says', async () => {
  const device = await Device.register(service);
  const { status, body, headers } = await introspect(service, account, device.accessToken);
  expect([status, body]).toEqual([200, { ...claimsOf(device.accessToken), active: true, token_type: 'Bearer' }]);
  expect(body).toMatchObject({
    client_id: 'account',
    sub: device.userId,
    aud: 'account',
    iss: PUBLIC_URL,
    exp: expect.any(Number),
    iat: expect.any(Number),
    jti: expect.any(String),
    sid: device.sessionId,
    auth_time: expect.any(Number),
    acr: 'aal1',
    amr: ['pwd'],
    roles: [],
  });
  expect(headers.get('cache-control')).toBe('no-store');
});

test('a refresh token is active as long as a refresh with it would work, and says neither audience nor roles', async () => {
  const device = await Device.register(service);
  const { body } = await introspect(service, account, device.refreshToken);
  expect(body).toEqual({
    active: true,
    token_type: 'refresh_token',
    client_id: 'account',
    sub: device.userId,
    iss: PUBLIC_URL,
    exp: expect.any(Number),
    sid: device.sessionId,
    auth_time: claimsOf(device.accessToken).auth_time,
  });
  expect(body.exp * 1000 - Date.now()).toBeLessThan(service.config.sessionIdle * 1000 + 60_000);

  const next = await renew(service, device.refreshToken);
  expect((await introspect(service, account, device.refreshToken)).body.active).toBe(true);
  await service.advance(service.config.refreshGrace + 1);
  await expectInactive(device.refreshToken);
  // To ask is not to use: the session has not ended for it.
  expect((await introspect(service, account, next.body.refresh_token)).body.active).toBe(true);
});

test('a refresh token that came in a cookie is active too', async () => {
  const { email, password } = await Device.register(service);
  const { headers } = await send(service, '/v1/auth/login', { body: { email, password }, headers: FROM_OWN_PAGE });
  const [, token = ''] = /^__Host-portcullis-account=([^;]+)/.exec(headers.getSetCookie()[0] ?? '') ?? [];
  expect((await introspect(service, account, token)).body.active).toBe(true);
});

test('the hint changes nothing, right or wrong', async () => {
  const { accessToken, refreshToken } = await Device.register(service);
  for (const token of [accessToken, refreshToken])
    for (const token_type_hint of ['access_token', 'refresh_token', 'saml'])
      expect(
        (await sendForm(service, '/oauth/introspect', { token, token_type_hint }, account.headers)).body.active,
      ).toBe(true);
});

describe('inactive is only {"active": false}', () => {
  const inactive: Record<string, (device: Device) => Promise<string[]> | string[]> = {
    garbage: () => ['x', 'prt_x', 'a.b.c', ' ', 'x'.repeat(16_000)],
    'an altered token': ({ accessToken, refreshToken }) => [`${accessToken}x`, `${refreshToken}x`],
    expired: (device) => [signerOf(device, Math.floor(Date.now() / 1000) - 700).sign()],
    'signed out': async (device) => {
      await device.send('/v1/auth/logout', { method: 'POST' });
      return [device.accessToken, device.refreshToken];
    },
    'signed out everywhere': async (device) => {
      await device.send('/v1/auth/logout-all', { method: 'POST' });
      return [device.accessToken, device.refreshToken];
    },
    suspended: async (device) => {
      await changeAccount(service, device.userId, { status: 'suspended' });
      return [device.accessToken, device.refreshToken];
    },
    'with other roles by now': async (device) => {
      await changeAccount(service, device.userId, { roles: ['editor'] });
      return [device.accessToken];
    },
    'denied alone': async (device) => {
      await revoke(service, { kind: 'token', subject: claimsOf(device.accessToken).jti, applicationId: 'account' });
      return [device.accessToken];
    },
    'of a session past its end': async (device) => {
      await service.db.query(`update sessions set expires_at = now() where id = $1`, [device.sessionId]);
      return [device.refreshToken];
    },
  };
  test.each(Object.keys(inactive))('%s', async (what) => {
    for (const token of await inactive[what]!(await Device.register(service))) await expectInactive(token);
  });

  test('with the audience of another application', async () => {
    const device = await Device.register(service);
    const signer = signerOf(device);
    await expectInactive(signer.sign(undefined, signer.claims({ aud: 'shop' })));
    const mixed = signer.sign(undefined, signer.claims({ client_id: 'shop' }));
    await expectInactive(mixed, shop);
    await expectInactive(mixed, account);
  });

  test('of another application: each is told of its own tokens, and of no others', async () => {
    const [here, there] = [await Device.register(service), await Device.register(service, { applicationId: 'shop' })];
    for (const kind of ['accessToken', 'refreshToken'] as const) {
      await expectInactive(here[kind], shop);
      await expectInactive(there[kind], account);
      expect((await introspect(service, shop, there[kind])).body).toMatchObject({ active: true, client_id: 'shop' });
    }
  });
});

describe('what is wrong with the question', () => {
  test.each([{}, { token: '' }])('%j: 400 invalid_request', async (form: object) => {
    const answer = await sendForm(service, '/oauth/introspect', { ...form }, account.headers);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});

test('an access token costs no statement of the database but the look at the log, first seen or not, good or not; nor does a forged refresh token', async () => {
  const device = await Device.register(service);
  const other = await Device.register(service);
  await other.send('/v1/auth/logout', { method: 'POST' });
  const tokens = [device.accessToken, other.accessToken, forged(device.refreshToken), 'x'];
  const statements = await statementsOfRequests(service, async () => {
    for (let round = 0; round < 10; round++) {
      for (const token of tokens) await introspect(service, account, token);
      await introspect(service, shop, device.refreshToken);
    }
  });
  expect(statements.filter((statement) => !statement.includes('revocation_head'))).toEqual([]);
});

test('all who ask at the same time share one look at the log, which began after they asked', async () => {
  const devices = await Promise.all(Array.from({ length: 20 }, () => Device.register(service)));
  const repository = service.app.get(RevocationLogRepository, { strict: false });
  const read = repository.readAfter.bind(repository);
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  let reads = 0;
  repository.readAfter = async (cursor) => {
    reads += 1;
    const log = await read(cursor);
    if (reads === 1) await gate;
    return log;
  };
  const waiting = jest.spyOn(syncOf(service), 'awaitFresh');
  // However long this test takes until it lets go.
  const limit = jest.spyOn(SharedRead.prototype, 'nextWithin').mockImplementation(function (this: SharedRead) {
    return this.next();
  });
  try {
    await poll(() => reads === 1);
    const answers = devices.map(({ accessToken }) => introspect(service, account, accessToken));
    await poll(() => waiting.mock.calls.length >= devices.length);
    await devices[0]!.send('/v1/auth/logout', { method: 'POST' });
    open();
    const active = (await Promise.all(answers)).map(({ body }) => body.active);
    expect(active).toEqual([false, ...Array(devices.length - 1).fill(true)]);
    // The held one, theirs, and one more where the sign-out was heard of late.
    expect(reads).toBeLessThanOrEqual(3);
  } finally {
    open();
    repository.readAfter = read;
    waiting.mockRestore();
    limit.mockRestore();
  }
});

describe('of an instance that allows itself minutes', () => {
  let two: Service;
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await startProxy(service.db.url);
    const env = { DATABASE_URL: proxy.url, REVOCATION_MAX_STALENESS: '5m', REVOCATION_LISTEN: 'false' };
    two = await startService({ besides: service, env });
  });
  afterAll(async () => {
    await two.stop();
    await proxy.close();
  });

  test('what another one revoked before the question is inactive', async () => {
    for (let round = 0; round < 20; round++) {
      const device = await Device.register(service);
      expect((await introspect(two, account, device.accessToken)).body.active).toBe(true);
      await device.send('/v1/auth/logout', { method: 'POST' });
      expect((await introspect(two, account, device.accessToken)).body).toEqual({ active: false });
    }
  });

  test('without a database: 503 at once, whatever the token', async () => {
    const { accessToken, refreshToken } = await Device.register(service);
    proxy.cut();
    for (const token of [accessToken, refreshToken, 'x'])
      expect(await introspect(two, account, token)).toMatchObject({ status: 503, code: 'revocation_unavailable' });
    expect(syncOf(two).isFresh()).toBe(true);
    proxy.heal();
    await catchUp(two);
    expect((await introspect(two, account, accessToken)).body.active).toBe(true);
  });
});

test('who cannot know what is revoked says neither yes nor no: 503, then the answer again', async () => {
  const proxy = await startProxy(service.db.url);
  const env = { DATABASE_URL: proxy.url, REVOCATION_MAX_STALENESS: '2s' };
  const two = await startService({ besides: service, env });
  const device = await Device.register(service);
  const ask = () => introspect(two, account, device.accessToken);
  try {
    expect((await ask()).body.active).toBe(true);
    proxy.cut();
    let answer = await ask();
    await poll(async () => (answer = await ask()).status !== 200);
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'revocation_unavailable', error: 'temporarily_unavailable' },
    });
    expect(answer.body.active).toBeUndefined();
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await device.send('/v1/auth/logout', { method: 'POST' });
    proxy.heal();
    await catchUp(two);
    expect((await ask()).body).toEqual({ active: false });
  } finally {
    proxy.heal();
    await two.stop();
    await proxy.close();
  }
}, 30_000);
