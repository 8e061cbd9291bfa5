import { ConflictException, UnauthorizedException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';

import { AppError } from '../src/common/errors/app-error.js';
import { errorCatalogue } from '../src/common/errors/error-catalogue.js';
import type { ErrorCode } from '../src/common/errors/error-catalogue.js';
import { rawRequest, sendRaw, startFixture, statusOf, thrown } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';

let running: RunningApp;
beforeAll(async () => {
  running = await startFixture();
});
afterAll(() => running.close());

/** What a client gets when a handler throws this. */
async function answerTo(error: unknown, headers: Record<string, string> = {}): Promise<Response> {
  thrown.next = error;
  return fetch(`${running.url}/v1/fixture/throw`, { headers });
}

function databaseError(code: string, message = 'about a secret row'): QueryFailedError {
  return new QueryFailedError('SELECT secret', ['parameter'], Object.assign(new Error(message), { code }));
}

describe('Every error is a problem document (RFC 9457)', () => {
  test.each(Object.keys(errorCatalogue) as ErrorCode[])('%s has its status, code, action and page', async (code) => {
    const response = await answerTo(new AppError(code, { log: 'for the log only' }));
    const body = await response.json();

    const { status, title, detail } = errorCatalogue[code];
    const action = 'action' in errorCatalogue[code] ? (errorCatalogue[code] as { action: string }).action : undefined;
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const type = `https://id.example.test/docs/errors#${code}`;
    expect(body).toEqual({
      type,
      title,
      status,
      detail,
      code,
      ...(action && { action }),
      requestId: expect.any(String),
    });
    expect(response.headers.get('x-request-id')).toBe(body.requestId);
  });

  test('extensions are members of their own and never replace a standard one', async () => {
    const extensions = { challenge: 'abc', methods: ['totp'], code: 'forged', status: 200 };
    const body = await (await answerTo(new AppError('second_factor_required', { extensions }))).json();

    expect(body).toMatchObject({ challenge: 'abc', methods: ['totp'], code: 'second_factor_required', status: 401 });
  });

  test('429 and 503 say when to try again, in whole seconds and at least one', async () => {
    const limited = await answerTo(new AppError('too_many_requests', { retryAfter: 29.2 }));
    const early = await answerTo(new AppError('unavailable', { retryAfter: 0 }));

    expect(limited.headers.get('retry-after')).toBe('30');
    expect(early.headers.get('retry-after')).toBe('1');
  });

  test('an unknown error tells nothing to the client and everything to the log', async () => {
    const response = await answerTo(new Error('SELECT password_hash FROM users'));
    const text = await response.text();

    expect(response.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: 'internal_error' });
    expect(text).not.toMatch(/SELECT|at .*\.ts/);
    expect(running.logged()).toContain('SELECT password_hash FROM users');
    expect(running.logged()).toContain('http-errors.spec.ts');
  });

  test.each([undefined, null, 'text', 42, { statusCode: 200 }])('throwing %p is an internal error', async (value) => {
    expect((await answerTo(value)).status).toBe(500);
  });

  test("an added module's exception keeps its status and its public text", async () => {
    const response = await answerTo(new ConflictException('The coupon is used up.'));

    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      type: 'about:blank',
      code: 'conflict',
      detail: 'The coupon is used up.',
    });
  });
});

describe('Every 401 carries WWW-Authenticate (RFC 6750)', () => {
  const challengeOf = async (error: unknown, headers?: Record<string, string>) =>
    (await answerTo(error, headers)).headers.get('www-authenticate');
  const withToken = { authorization: 'Bearer abc' };

  test.each([
    'token_missing',
    'credentials_invalid',
    'refresh_token_invalid',
    'second_factor_required',
    'session_ended',
  ] as const)('%s without an access token names the scheme and no error', async (code) => {
    expect(await challengeOf(new AppError(code))).toBe('Bearer realm="portcullis"');
  });

  test.each(['token_invalid', 'token_expired', 'token_outdated', 'token_revoked', 'session_ended'] as const)(
    '%s of an access token is invalid_token',
    async (code) => {
      expect(await challengeOf(new AppError(code), withToken)).toBe(
        `Bearer realm="portcullis", error="invalid_token", error_description="${errorCatalogue[code].title}"`,
      );
    },
  );

  test('a recent sign-in is asked for with its age (RFC 9470)', async () => {
    const challenge = await challengeOf(
      new AppError('reauthentication_required', { extensions: { maxAge: 3600 } }),
      withToken,
    );

    expect(challenge).toMatch(/error="insufficient_user_authentication".*, max_age="3600"$/);
  });

  test("so does a 401 of Nest's", async () => {
    expect(await challengeOf(new UnauthorizedException(), withToken)).toContain('error="invalid_token"');
  });
});

describe('What the database says', () => {
  test.each(['55P03', '40001', '40P01', '53300', '57014', '57P01', '57P03', '08006', '25006', '25P03'])(
    'SQLSTATE %s is 503 with Retry-After, and nothing of the statement',
    async (state) => {
      const response = await answerTo(databaseError(state));
      const text = await response.text();

      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(JSON.parse(text)).toMatchObject({ code: 'unavailable', action: 'retry' });
      expect(text).not.toMatch(/SELECT|secret|parameter/);
    },
  );

  test.each([
    ['connect ECONNREFUSED 10.0.0.7:5432', 'ECONNREFUSED'],
    ['read ECONNRESET', 'ECONNRESET'],
    ['timeout exceeded when trying to connect', undefined],
    ['Connection terminated unexpectedly', undefined],
  ])('"%s" is 503', async (message, code) => {
    const cause = Object.assign(new Error(message), { code });

    expect((await answerTo(cause)).status).toBe(503);
    expect((await answerTo(new QueryFailedError('SELECT 1', [], cause))).status).toBe(503);
  });

  test("text it cannot store is the client's fault", async () => {
    expect((await answerTo(databaseError('22021'))).status).toBe(400);
  });

  test('a constraint nobody handled is an internal error', async () => {
    expect((await answerTo(databaseError('23505'))).status).toBe(500);
  });

  test('a value it refused does not reach the log', async () => {
    await answerTo(databaseError('22P02', 'invalid input syntax for type uuid: "the-value-of-a-client"'));

    expect(running.logged()).toContain('The database refused a value.');
    expect(running.logged()).not.toContain('the-value-of-a-client');
  });
});

describe('What a request gets before any handler', () => {
  const json = { 'content-type': 'application/json' };
  const post = (body: string | undefined, headers: Record<string, string> = json) =>
    fetch(`${running.url}/v1/fixture/sign-up`, { method: 'POST', headers, body });

  test.each([
    ['malformed JSON', '{"email": "a@b.c", password'],
    ['nothing', ''],
    ['a bare string', '"text"'],
    ['null', 'null'],
    ['__proto__', '{"__proto__": {"admin": true}}'],
    ['constructor.prototype', '{"constructor": {"prototype": {"admin": true}}}'],
    ['NUL in a value', '{"email": "a\\u0000@example.test"}'],
    ['NUL in a name', '{"a\\u0000b": 1}'],
    ['a lone surrogate', '{"email": "\\ud800"}'],
    ['depth', '['.repeat(5_000) + ']'.repeat(5_000)],
  ])('%s as the body: 400 validation_failed', async (_what, body) => {
    const response = await post(body);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: expect.any(String) }],
    });
  });

  test('bytes that are not UTF-8: 400', async () => {
    const body = Buffer.concat([Buffer.from('{"email":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const response = await fetch(`${running.url}/v1/fixture/sign-up`, { method: 'POST', headers: json, body });

    expect(response.status).toBe(400);
  });

  test('each field is told what is expected, unknown fields by name, and no value is repeated', async () => {
    const response = await post(JSON.stringify({ email: 'hunter2', password: 'hunter2', 'x/y~z': 1, age: 'old' }));
    const text = await response.text();

    expect(JSON.parse(text).errors).toEqual([
      { pointer: '/email', detail: 'Expected an e-mail address.' },
      { pointer: '/password', detail: 'At least 8 characters.' },
      { pointer: '/age', detail: 'Expected a number.' },
      { pointer: '/x~1y~0z', detail: 'Unknown field; leave it out.' },
    ]);
    expect(text).not.toContain('hunter2');
  });

  test('a thousand faults are told as twenty', async () => {
    const response = await post(
      JSON.stringify({ ...Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, i])) }),
    );

    expect((await response.json()).errors).toHaveLength(20);
  });

  test.each([
    ['text/plain', '{"email":"a@example.test"}'],
    ['application/x-www-form-urlencoded', 'email=a%40example.test'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/problem+json', '{}'],
    ['', '{}'],
  ])('a body of type "%s": 415', async (type, body) => {
    const response = await post(body, { 'content-type': type });

    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 'unsupported_media_type' });
  });

  test('a body over 16 KiB: 413, whether its length is told or not', async () => {
    const body = JSON.stringify({ password: 'x'.repeat(16 * 1024) });
    const chunked = `POST /v1/fixture/sign-up HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

    expect((await post(body)).status).toBe(413);
    expect(statusOf(await sendRaw(running.port, chunked))).toBe(413);
  });

  test('a route without a body takes a request without a body, with or without a content type', async () => {
    const bare = await fetch(`${running.url}/v1/fixture/bodiless`, { method: 'POST' });
    const typed = await fetch(`${running.url}/v1/fixture/bodiless`, { method: 'POST', headers: json });

    expect([bare.status, typed.status]).toEqual([204, 204]);
  });

  test('a query parameter that does not fit: 400, marked as of the query; unknown ones too', async () => {
    const response = await fetch(`${running.url}/v1/fixture/list?limit=many&page=2`);

    expect(response.status).toBe(400);
    expect((await response.json()).errors).toEqual([
      { pointer: '/limit', detail: 'Expected a number.', in: 'query' },
      { pointer: '/page', detail: 'Unknown field; leave it out.', in: 'query' },
    ]);
  });

  test.each(['/v1/fixture/list?name=%00', '/v1/fixture/list?__proto__=1', '/v1/fixture/list?name=a&name=b'])(
    '%s: 400',
    async (path) => {
      expect(statusOf(await rawRequest(running.port, `GET ${path}`))).toBe(400);
    },
  );

  test('an identifier that cannot exist names nothing: 404', async () => {
    const response = await fetch(`${running.url}/v1/fixture/items/not-a-uuid`);

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not_found' });
  });

  test('a path that exists for other methods: 405 with Allow', async () => {
    const response = await fetch(`${running.url}/v1/fixture/items/abc?x=1`, { method: 'PUT' });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ code: 'method_not_allowed' });
  });

  test('a path that does not exist: 404 for every method', async () => {
    for (const method of ['GET', 'POST', 'OPTIONS', 'PROPFIND']) {
      expect((await fetch(`${running.url}/v1/nothing`, { method })).status).toBe(404);
    }
  });

  test.each([
    ['bytes that are not HTTP', 'GARBAGE\r\n\r\n', 400],
    ['a bad percent-encoding', 'GET /v1/fixture/items/%E0%A4%A HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 400],
    [
      'a parameter that is too long',
      `GET /v1/fixture/items/${'a'.repeat(200)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      414,
    ],
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%s: a problem document too, with every security header', async (_what, bytes, status) => {
    const answer = await sendRaw(running.port, bytes);

    expect(statusOf(answer)).toBe(status);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    expect(answer).toMatch(/content-security-policy: default-src 'none'/i);
    expect(answer).toMatch(/"requestId":"[0-9a-f-]{36}"/);
  });
});
