import { Logger } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';

import { AppError } from '../src/common/errors/app-error.js';
import { startFixture, thrown } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';

let running: RunningApp;
beforeEach(async () => {
  running = await startFixture({ logLevel: 'trace' });
});
afterEach(() => running.close());

const accessToken = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.c2lnbmF0dXJl';
const refreshToken = 'prt_k1.0b7f8a52-5d2c-4f5e-9d0a-000000000000.3.c2VjcmV0.bWFj';
const password = 'correct horse battery staple';
const secrets = [accessToken, refreshToken, password, encodeURIComponent(password), 'c2lnbmF0dXJl', 'c2VjcmV0'];

const entries = () =>
  running
    .logged()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('no token and no password reaches the log, wherever a request carries it', async () => {
  const carriers = { authorization: `Bearer ${accessToken}`, cookie: `__Host-portcullis-account=${refreshToken}` };
  const body = JSON.stringify({ email: 'a@example.test', password, refreshToken, extra: accessToken });
  const send = (path: string, init: RequestInit = {}) =>
    fetch(running.url + path, { ...init, headers: { ...carriers, ...(init.headers as object) } });
  const json = { 'content-type': 'application/json' };

  await send(`/v1/fixture/list?name=${encodeURIComponent(password)}&token=${refreshToken}`);
  await send(`/v1/nothing/${accessToken}?password=${encodeURIComponent(password)}`);
  await send(`/v1/fixture/items/${refreshToken}%E0%A4%A`);
  await send('/v1/fixture/sign-up', { method: 'POST', headers: json, body });
  await send('/v1/fixture/sign-up', {
    method: 'POST',
    headers: json,
    body: `{"password": "${password}", ${refreshToken}`,
  });
  await send('/v1/fixture/sign-up', { method: 'POST', headers: { 'content-type': 'text/plain' }, body });
  thrown.next = new QueryFailedError(
    'INSERT',
    [password, refreshToken],
    Object.assign(new Error('x'), { detail: password }),
  );
  await send('/v1/fixture/throw');
  thrown.next = new AppError('token_invalid', { log: `cannot read ${accessToken} or ${refreshToken}` });
  await send('/v1/fixture/throw');

  expect(entries().length).toBeGreaterThan(8);
  for (const secret of secrets) expect(running.logged()).not.toContain(secret);
});

test('what a service logs by mistake is taken out by its name', () => {
  new Logger('Test').log({
    message: 'request',
    password,
    headers: { authorization: accessToken, 'set-cookie': refreshToken },
  });

  const entry = entries().at(-1);
  expect(entry).toMatchObject({
    password: '[redacted]',
    headers: { authorization: '[redacted]', 'set-cookie': '[redacted]' },
  });
});

test('one line for each request: its route, not its path, and never its query', async () => {
  await fetch(`${running.url}/v1/fixture/items/5f0c7a3e-8f2b-4d54-9a4e-000000000000?x=1`);

  const lines = entries().filter((entry) => entry['msg'] === 'request');
  expect(lines).toEqual([
    expect.objectContaining({ method: 'GET', route: '/v1/fixture/items/:id', status: 200, ms: expect.any(Number) }),
  ]);
  expect(lines[0]?.['requestId']).toEqual(expect.any(String));
});

test('an error logged under any name is written without the parameters of its statement', () => {
  const error = new QueryFailedError('INSERT', [password], new Error('x'));
  running.app.getHttpAdapter().getInstance().log.warn({ failure: error }, 'by mistake');

  expect(entries().at(-1)).toMatchObject({ failure: { type: 'QueryFailedError' } });
  expect(running.logged()).not.toContain(password);
});

test('control characters cannot begin a line of their own', () => {
  new Logger('Test').warn('harmless\n{"level":"fatal","msg":"forged"}\r\n\u001b[2J');

  expect(entries().at(-1)).toMatchObject({ level: 'warn', context: 'Test', msg: expect.stringContaining('forged') });
});

test("Nest's loggers write the same lines, errors with their stack", () => {
  new Logger('Purge').error('The purge failed.', new Error('deadlock'));

  expect(entries().at(-1)).toMatchObject({
    level: 'error',
    context: 'Purge',
    msg: 'The purge failed.',
    err: { type: 'Error', message: 'deadlock', stack: expect.stringContaining('http-logs.spec') },
  });
});

test('an error beside a message is cut down like any other: what the driver says of it may hold secrets', () => {
  const error = new QueryFailedError('INSERT', [password], Object.assign(new Error('lock timeout'), { code: '55P03' }));
  new Logger('Purge').error({ message: 'The purge failed.', error, rows: 3 });

  expect(entries().at(-1)).toMatchObject({ msg: 'The purge failed.', rows: 3, err: { message: 'lock timeout' } });
  expect(running.logged()).not.toContain(password);
});
