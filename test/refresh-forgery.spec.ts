import fc from 'fast-check';
import { createHmac, randomBytes } from 'node:crypto';
import { formatRefreshToken, newSecret, parseRefreshToken } from '../src/sessions/refresh-token.js';
import { Device, FROM_OWN_PAGE, send } from './support/device.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

const COOKIE = '__Host-portcullis-account';
const BODY = { applicationId: 'account', delivery: 'body' } as const;

let service: Service;
let device: Device;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());
beforeEach(async () => {
  device = await Device.register(service);
});

/** Presents each of `tokens`: all must be refused as invalid, and the session must not have noticed. */
async function expectInvalid(tokens: Iterable<unknown>, status = 401): Promise<void> {
  const before = await sessionRow(service, device.sessionId);
  for (const refreshToken of tokens) {
    const answer = await send(service, '/v1/auth/refresh', { body: { refreshToken } });
    expect([refreshToken, answer.status, answer.code]).toEqual([refreshToken, status, 'refresh_token_invalid']);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  }
  expect(await sessionRow(service, device.sessionId)).toEqual(before);
  expect(await device.access()).toBeNull();
}

describe('a dump of the database', () => {
  test('holds no refresh token, no access token and no part of either', async () => {
    await device.refresh();
    await device.send('/v1/auth/reauthenticate', { body: { password: device.password } });
    const tables = await service.db.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public'`,
    );
    let dump = '';
    for (const { name } of tables) {
      for (const row of await service.db.query(`select t::text as text from ${name} t`))
        dump += `${String(row.text)}\n`;
    }
    expect(dump).toContain(device.sessionId);
    const [secret, mac] = device.refreshToken.split('.').slice(3);
    for (const part of [secret!, mac!, ...device.accessToken.split('.').slice(1)]) {
      expect(dump).not.toContain(part);
      expect(dump).not.toContain(Buffer.from(part, 'base64url').toString('hex'));
      expect(dump).not.toContain(Buffer.from(part).toString('hex'));
    }
  });

  test('gives no token that works, whatever is made of it', async () => {
    await device.refresh();
    const rows = await service.db.query<{ id: string; generation: string; secret_hash: Buffer }>(
      'select * from sessions',
    );
    const row = rows.find(({ id }) => id === device.sessionId)!;
    const secrets = [row.secret_hash.subarray(0, 16), row.secret_hash.subarray(16)].map((half) =>
      half.toString('base64url'),
    );
    // Without the server's key: a key of the thief's, the hash as the key, and no key at all.
    const keys = [randomBytes(32), row.secret_hash, Buffer.alloc(32)].map((key) => ({ id: 't1', key }));
    const generation = Number(row.generation);
    const forged = [generation - 1, generation, generation + 1].flatMap((presented) =>
      [...secrets, newSecret()].flatMap((secret) =>
        keys.map((key) => formatRefreshToken({ sessionId: row.id, generation: presented, secret }, BODY, [key])),
      ),
    );
    await expectInvalid(forged);
    expect((await device.refresh()).status).toBe(200);
  });

  test('gives none even with the key of the server, as that lacks the secret', async () => {
    await device.refresh();
    await device.refresh();
    const { secret_hash: hash } = await sessionRow(service, device.sessionId);
    const half = Buffer.from(hash!.slice(2, 34), 'hex').toString('base64url');
    const forged = [1, 2, 3, 4].flatMap((generation) =>
      [half, newSecret()].map((secret) =>
        formatRefreshToken({ sessionId: device.sessionId, generation, secret }, BODY, service.config.refreshTokenKeys),
      ),
    );
    await expectInvalid(forged);
    for (const refreshToken of forged) await send(service, '/v1/auth/logout', { body: { refreshToken } });
    expect(await device.access()).toBeNull();
    expect((await device.refresh()).status).toBe(200);
  });
});

test('a truncated, extended, altered or unknown token is invalid, and nothing changes', async () => {
  const token = device.refreshToken;
  const altered = fc.sample(
    fc.oneof(
      fc.nat(token.length - 1).map((length) => token.slice(0, length)),
      fc.string({ minLength: 1, maxLength: 20 }).map((more) => token + more),
      fc
        .tuple(fc.nat(token.length - 1), fc.integer({ min: 0, max: 6 }))
        .map(([place, bit]) => token.slice(0, place) + flip(token[place]!, bit) + token.slice(place + 1)),
      fc.string({ maxLength: 200 }),
    ),
    60,
  );
  await expectInvalid(altered);
  const parsed = parseRefreshToken(token, BODY, service.config.refreshTokenKeys)!;
  await expectInvalid([
    formatRefreshToken({ ...parsed, sessionId: crypto.randomUUID() }, BODY, service.config.refreshTokenKeys),
  ]);
  expect((await device.refresh()).status).toBe(200);
});

test('a token of the session with its generation counted up by hand is invalid', async () => {
  const parts = device.refreshToken.split('.');
  const key = service.config.refreshTokenKeys[0]!.key;
  const unbound = createHmac('sha256', key).update(parts.with(2, '2').slice(0, 4).join('.')).digest('base64url');
  await expectInvalid([parts.with(2, '2').join('.'), parts.with(2, '2').with(4, unbound).join('.')]);
});

test('no token at all is invalid, and so are other things that are no refresh token', async () => {
  const nothing = await send(service, '/v1/auth/refresh', { method: 'POST' });
  expect([nothing.status, nothing.code]).toEqual([401, 'refresh_token_invalid']);
  await expectInvalid(['', ' ', device.sessionId, `Bearer ${device.refreshToken}`]);
});

test('an access token is no refresh token, and a refresh token is no access token', async () => {
  const { accessToken, refreshToken } = device;
  const swapped = await send(service, '/v1/auth/refresh', { body: { refreshToken: accessToken } });
  expect([swapped.status, swapped.code]).toEqual([401, 'refresh_token_invalid']);
  const header = await send(service, '/v1/auth/refresh', { method: 'POST', token: accessToken });
  expect([header.status, header.code]).toEqual([401, 'refresh_token_invalid']);
  const bearer = await device.send('/v1/users/me', { token: refreshToken });
  expect([bearer.status, bearer.code]).toEqual([401, 'token_invalid']);
  expect((await device.refresh()).status).toBe(200);
});

test.each(['GET', 'PUT', 'PATCH', 'DELETE'])(
  '%s /v1/auth/refresh is refused with 405, and nothing changes',
  async (method) => {
    const headers = { cookie: `${COOKIE}=${device.refreshToken}`, ...FROM_OWN_PAGE };
    const answer = await send(service, `/v1/auth/refresh?refreshToken=${device.refreshToken}`, { method, headers });
    expect([answer.status, answer.code]).toEqual([405, 'method_not_allowed']);
    expect(answer.headers.get('allow')).toContain('POST');
    expect((await sessionRow(service, device.sessionId)).generation).toBe('1');
  },
);

describe('a token is bound to how it is delivered', () => {
  test('the token of a cookie is refused in a body', async () => {
    const { cookie, sessionId } = await signInByCookie();
    const answer = await send(service, '/v1/auth/refresh', { body: { refreshToken: cookie } });
    expect([answer.status, answer.code]).toEqual([401, 'refresh_token_invalid']);
    expect((await sessionRow(service, sessionId)).generation).toBe('1');
    expect((await refreshByCookie(cookie)).status).toBe(200);
  });

  test('the token of a body is refused in a cookie', async () => {
    const answer = await refreshByCookie(device.refreshToken);
    expect([answer.status, answer.code]).toEqual([401, 'refresh_token_invalid']);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect((await device.refresh()).status).toBe(200);
  });

  test('by cookie the answer has the token in the cookie and not in the body', async () => {
    const { cookie } = await signInByCookie();
    await service.advance(11);
    const answer = await refreshByCookie(cookie);
    expect(answer.body.refreshToken).toBeUndefined();
    expect(answer.headers.get('set-cookie')).toMatch(new RegExp(`^${COOKIE}=prt_`));
  });
});

test('a token is bound to its application: it is refused once its session is of another', async () => {
  await service.db.query(
    `insert into applications select (jsonb_populate_record(a, '{"id": "notes", "audience": "notes"}')).*
       from applications a where id = 'account' on conflict do nothing`,
  );
  await service.db.query(`update sessions set application_id = 'notes' where id = $1`, [device.sessionId]);
  await expectInvalid([device.refreshToken]);
  const unknown = { refreshToken: device.refreshToken, applicationId: 'unheard-of' };
  expect((await send(service, '/v1/auth/refresh', { body: unknown })).status).toBe(400);
});

function flip(character: string, bit: number): string {
  return String.fromCharCode(character.charCodeAt(0) ^ (1 << bit));
}

async function signInByCookie(): Promise<{ cookie: string; sessionId: string }> {
  const { email, password } = device;
  const answer = await send(service, '/v1/auth/login', {
    body: { email, password, delivery: 'cookie' },
    headers: FROM_OWN_PAGE,
  });
  const [, cookie] = new RegExp(`^${COOKIE}=([^;]+)`).exec(answer.headers.get('set-cookie') ?? '') ?? [];
  return { cookie: cookie!, sessionId: answer.body.session.id };
}

function refreshByCookie(token: string) {
  return send(service, '/v1/auth/refresh', {
    method: 'POST',
    headers: { cookie: `${COOKIE}=${token}`, ...FROM_OWN_PAGE },
  });
}
