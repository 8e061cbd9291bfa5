import fc from 'fast-check';
import { Device, newEmail, PASSWORD, send, type Answer } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let device: Device;

beforeAll(async () => {
  service = await startService();
  device = await Device.register(service, { name: 'Ada' });
});
afterAll(() => service.stop());

interface Route {
  method: string;
  path: string;
  /** A body that would be accepted, its fields as JSON. */
  good: Record<string, unknown>;
  private?: boolean;
}

const WRONG = 'not the password';

const routes: Route[] = [
  { method: 'POST', path: '/v1/auth/register', good: { email: 'grace@example.com', password: PASSWORD } },
  { method: 'POST', path: '/v1/auth/login', good: { email: 'grace@example.com', password: PASSWORD } },
  { method: 'POST', path: '/v1/auth/refresh', good: { refreshToken: 'prt_x' } },
  { method: 'POST', path: '/v1/auth/logout', good: { refreshToken: 'prt_x' } },
  { method: 'POST', path: '/v1/auth/reauthenticate', good: { password: WRONG }, private: true },
  {
    method: 'POST',
    path: '/v1/auth/password',
    good: { currentPassword: WRONG, newPassword: PASSWORD },
    private: true,
  },
  { method: 'PATCH', path: '/v1/users/me', good: { name: 'Ada' }, private: true },
  { method: 'PATCH', path: '/v1/sessions/00000000-0000-4000-8000-000000000000', good: { name: 'x' }, private: true },
];

const named = routes.map((route) => [`${route.method} ${route.path}`, route] as const);

/** Sends a body as it is. */
async function raw(route: Route, body: string | Uint8Array, type = 'application/json'): Promise<Answer> {
  const response = await fetch(service.url + route.path, {
    method: route.method,
    headers: {
      'content-type': type,
      ...(route.private && { authorization: `Bearer ${device.accessToken}` }),
    },
    body: body as string,
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  const parsed = text ? JSON.parse(text) : null;
  return { status: response.status, code: parsed?.code ?? null, headers: response.headers, body: parsed };
}

const post = (route: Route, body: unknown) => raw(route, JSON.stringify(body));

/** Everything the service keeps about people, in one word. */
async function state(): Promise<unknown> {
  const tables = ['users', 'sessions', 'audit_events', 'revocations'].map(
    (table) => `(select md5(string_agg(t::text, '' order by t::text)) from ${table} t)`,
  );
  const [row] = await service.db.query(`select ${tables.map((table, i) => `${table} as t${i}`).join(', ')}`);
  return row;
}

/** What every refusal of a body looks like, whatever it was. */
function expectRefusal(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body).toMatchObject({
    status,
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(answer.headers.getSetCookie()).toEqual([]);
}

function expectFault(answer: Answer, pointer: string): void {
  expectRefusal(answer, 400, 'validation_failed');
  expect(answer.body.errors).toContainEqual({ pointer, detail: expect.stringMatching(/^[A-Z].*\.$/) });
}

describe.each(named)('%s', (_name, route) => {
  const fields = Object.keys(route.good);
  let before: unknown;
  beforeEach(async () => (before = await state()));
  afterEach(async () => expect(await state()).toEqual(before));

  test.each([
    ['breaks off', '{"email": "grace@exa'],
    ['has two values', '{}{}'],
    ['is no JSON', 'email=grace'],
    ['is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('a body that %s: 400 for the whole body', async (_what, body) => {
    expectFault(await raw(route, body), '');
  });

  test.each([
    ['a list', []],
    ['a text', 'x'],
    ['a number', 7],
    ['null', null],
  ])('%s as the body: 400', async (_what, body) => {
    expectFault(await post(route, body), '');
  });

  test('a field of a wrong type: 400 at the field', async () => {
    for (const field of fields) {
      for (const value of [7, true, ['x'], { x: 'x' }]) {
        expectFault(await post(route, { ...route.good, [field]: value }), `/${field}`);
      }
    }
  });

  test('a field that is too long: 400 at the field', async () => {
    for (const field of fields) {
      expectFault(await post(route, { ...route.good, [field]: 'x'.repeat(9_000) }), `/${field}`);
    }
  });

  test('unknown fields: 400 at each of them, by name', async () => {
    const answer = await post(route, { ...route.good, admin: true, 'a/b': 1 });
    expectFault(answer, '/admin');
    expectFault(answer, '/a~1b');
  });

  test('nesting without end: 400', async () => {
    expectRefusal(await raw(route, `{"x":${'['.repeat(3_000)}${']'.repeat(3_000)}}`), 400, 'validation_failed');
  });

  test('16 KiB and more: 413', async () => {
    expectRefusal(await post(route, { ...route.good, x: 'x'.repeat(16_384) }), 413, 'payload_too_large');
  });

  test.each(['application/x-www-form-urlencoded', 'text/plain', 'application/xml', 'application/json-patch+json'])(
    '%s: 415',
    async (type) => {
      expectRefusal(await raw(route, JSON.stringify(route.good), type), 415, 'unsupported_media_type');
    },
  );

  test('another method: 405 with those there are', async () => {
    const answer = await send(service, route.path, { method: 'PUT', body: route.good, token: device.accessToken });
    expectRefusal(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')!.split(', ')).toContain(route.method);
  });
});

describe('Missing fields are told all at once', () => {
  test.each([
    ['/v1/auth/register', ['/email', '/password']],
    ['/v1/auth/login', ['/email', '/password']],
    ['/v1/auth/password', ['/currentPassword', '/newPassword']],
  ])('%s', async (path, pointers) => {
    const answer = await device.send(path, { body: {} });
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toEqual(pointers);
  });
});

test.each([
  ['email', 'ada@example', 'Write an e-mail address, such as ada@example.com.'],
  ['email', `${'x'.repeat(400)}@example.com`, 'An e-mail address has at most 320 characters.'],
  ['password', '', 'Write the password.'],
  ['delivery', 'header', 'Expected "cookie" or "body".'],
  ['remember', 'yes', 'Expected a boolean.'],
  ['deviceName', 'x'.repeat(61), 'Write at most 60 characters.'],
  ['deviceName', 'a\u0007b', 'Leave out control characters.'],
  ['deviceName', 'a\u2028b', 'Leave out control characters.'],
  ['deviceName', 'a\u202eb', 'Leave out control characters.'],
])('a sign-in with %s %j is told what to write', async (field, value, detail) => {
  const good = { email: newEmail(), password: PASSWORD };
  const answer = await send(service, '/v1/auth/login', { body: { ...good, [field]: value } });
  expect(answer.body.errors).toEqual([{ pointer: `/${field}`, detail }]);
});

test('what was sent is never repeated: it may be a password', async () => {
  const secret = 'hunter2hunter2';
  for (const [, route] of named) {
    for (const body of [{ email: secret, password: [secret], name: { secret } }, secret, [secret]]) {
      expect(JSON.stringify((await post(route, body)).body)).not.toContain(secret);
    }
  }
});

test('an access token cut off or added to anywhere is refused, and nothing changes', async () => {
  const before = await state();
  const { accessToken } = device;
  for (const length of [0, 1, 20, accessToken.indexOf('.'), accessToken.lastIndexOf('.') + 1, accessToken.length - 1]) {
    const answer = await device.send('/v1/auth/logout-all', {
      method: 'POST',
      token: accessToken.slice(0, length) || ' ',
    });
    expect([401, length ? 'token_invalid' : answer.code]).toEqual([answer.status, answer.code]);
  }
  for (const token of [`${accessToken}A`, `${accessToken}.x`, accessToken.replace('.', '..'), 'x'.repeat(9_000)]) {
    expect(await device.send('/v1/users/me', { method: 'DELETE', token })).toMatchObject({
      status: 401,
      code: 'token_invalid',
    });
  }
  expect(await state()).toEqual(before);
});

describe('Whatever is sent to a public route: no fault of ours, no hang, and nothing changes', () => {
  const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 20 }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\0', '__proto__'),
  );
  const fields = ['email', 'refreshToken', 'applicationId', 'remember', 'deviceName', 'delivery', 'name', '__proto__'];
  const body = fc.oneof(
    anything,
    fc.dictionary(fc.oneof(fc.constantFrom(...fields), fc.string()), anything),
    // All fields but the password, so that a lucky address makes no account.
    fc.record(Object.fromEntries(fields.slice(0, -1).map((field) => [field, anything])), { requiredKeys: [] }),
  );

  test.each(named.filter(([, route]) => !route.private))('%s', async (_name, route) => {
    const before = await state();
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        const answer = await post(route, value);
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
        expect(answer.body).toMatchObject({ status: answer.status, code: expect.any(String) });
      }),
      { numRuns: 150 },
    );
    expect(await state()).toEqual(before);
    expect(await device.access()).toBeNull();
  });

  test.each(named.filter(([, route]) => !route.private))('%s: random bytes', async (_name, route) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        expect((await raw(route, bytes)).status).toBe(400);
      }),
      { numRuns: 50 },
    );
  });
});
