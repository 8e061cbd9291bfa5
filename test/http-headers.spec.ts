import { rawRequest, startFixture, statusOf } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';

let running: RunningApp;
beforeAll(async () => {
  running = await startFixture({ corsOrigins: ['https://app.example.test', 'null'] });
});
afterAll(() => running.close());

const requests: [string, string, RequestInit][] = [
  ['an answer', '/v1/fixture/plain', {}],
  ['a refusal', '/v1/private/secret', {}],
  ['an unknown path', '/nothing', {}],
  [
    'a malformed body',
    '/v1/fixture/sign-up',
    { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' },
  ],
  ['an answer without a body', '/v1/fixture/bodiless', { method: 'POST' }],
  ['a preflight', '/v1/fixture/plain', { method: 'OPTIONS' }],
];

describe('Security headers are on every response', () => {
  test.each(requests)('%s', async (_what, path, init) => {
    const { headers } = await fetch(running.url + path, init);
    const policy = headers.get('content-security-policy') ?? '';

    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('vary')).toBe('Origin');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('HSTS only where the service is reached by https', async () => {
    const local = await startFixture({ publicUrl: 'http://localhost:3000' });
    const { headers } = await fetch(`${local.url}/v1/fixture/plain`);
    await local.close();

    expect(headers.get('strict-transport-security')).toBeNull();
  });
});

describe('CORS', () => {
  const ask = (origin: string, method = 'GET', extra: string[] = []) =>
    rawRequest(running.port, `${method} /v1/fixture/plain`, [`Origin: ${origin}`, ...extra]);
  const preflight = (origin: string) =>
    ask(origin, 'OPTIONS', ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: x-anything']);

  test.each(['https://app.example.test', 'https://id.example.test'])(
    '%s may read answers and send credentials',
    async (origin) => {
      const answer = await ask(origin);

      expect(answer).toContain(`access-control-allow-origin: ${origin}\r\n`);
      expect(answer).toContain('access-control-allow-credentials: true\r\n');
      expect(answer).toMatch(/access-control-expose-headers: .*Retry-After/);
    },
  );

  test.each([
    'null',
    '*',
    'https://evil.test',
    'https://evil.example.test',
    'http://app.example.test',
    'https://app.example.test:444',
    'https://app.example.test.evil.test',
    'https://APP.example.test',
    'https://app.example.test, https://evil.test',
  ])('%s may not, neither for the request nor for its preflight', async (origin) => {
    for (const answer of [await ask(origin), await preflight(origin)]) {
      expect(answer).not.toMatch(/access-control-/i);
      expect(answer).toMatch(/vary: Origin/i);
    }
  });

  test('whose pages were refused is logged, once for all the requests of an origin, with the setting that lists it', async () => {
    const origin = 'http://localhost:5173';
    await preflight(origin);
    await ask(origin);
    await preflight('https://app.example.test');

    const lines = running
      .logged()
      .split('\n')
      .filter((line) => line.includes(origin));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ level: 'warn', origin, msg: expect.stringMatching(/not listed.*CORS_ORIGINS/) }),
    ]);
    expect(running.logged()).not.toContain('"origin":"https://app.example.test"');
  });

  test('a preflight is answered before any guard, with fixed methods and headers', async () => {
    const answer = await rawRequest(running.port, 'OPTIONS /v1/private/secret', [
      'Origin: https://app.example.test',
      'Access-Control-Request-Method: GET',
      'Access-Control-Request-Headers: x-anything',
    ]);

    expect(statusOf(answer)).toBe(204);
    expect(answer).toContain('access-control-allow-headers: Content-Type, Authorization, X-CSRF-Token\r\n');
    expect(answer).toContain('access-control-max-age: 600\r\n');
    expect(answer).not.toContain('x-anything');
  });

  test('errors carry the headers too, so that a front end can read their code', async () => {
    const answer = await rawRequest(running.port, 'GET /v1/private/secret', ['Origin: https://app.example.test']);

    expect(statusOf(answer)).toBe(401);
    expect(answer).toContain('access-control-allow-origin: https://app.example.test\r\n');
  });
});

describe('Request ids', () => {
  const idOf = (answer: string) => /x-request-id: (.*)\r\n/i.exec(answer)?.[1];
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

  test('a well-formed one is kept', async () => {
    expect(idOf(await rawRequest(running.port, 'GET /v1/fixture/plain', ['X-Request-Id: proxy-1_2.3']))).toBe(
      'proxy-1_2.3',
    );
  });

  test.each(['', 'a b', 'a"b', 'a,b', '{"level":"fatal"}', 'a'.repeat(65)])('"%s" is replaced', async (id) => {
    expect(idOf(await rawRequest(running.port, 'GET /v1/fixture/plain', [`X-Request-Id: ${id}`]))).toMatch(uuid);
  });
});
