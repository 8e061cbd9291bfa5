import { ConflictException, UnauthorizedException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';

import { AppError } from '../src/common/errors/app-error.js';
import { errorCatalogue } from '../src/common/errors/error-catalogue.js';
import type { ErrorCode } from '../src/common/errors/error-catalogue.js';
import { jsonOf, startFixture, thrown } from './http-fixture.js';
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
    const body = await jsonOf(response);

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
