import { jest } from '@jest/globals';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';

import { Readiness } from '../src/common/readiness.js';
import { BIG, startFixture } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';

let running: RunningApp;
beforeEach(async () => {
  running = await startFixture();
});

function request(path: string, agent: Agent): Promise<{ response: IncomingMessage; body: string }> {
  return new Promise((resolve, reject) => {
    get(`${running.url}${path}`, { agent }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += String(chunk))).on('end', () => resolve({ response, body }));
    }).on('error', reject);
  });
}

test('closing finishes the request that is being answered and tells its connection to close', async () => {
  const agent = new Agent({ keepAlive: true });
  const slow = request('/v1/fixture/slow', agent);
  await pollUntil(async () => (await connections()) > 0);

  await running.close();
  const { response, body } = await slow;

  expect(response.statusCode).toBe(200);
  expect(body).toBe('{"finished":true}');
  expect(response.headers.connection).toBe('close');
});

test('closing finishes an answer that was handed over and is not read yet, and does not wait after that', async () => {
  const [response] = (await once(
    get(`${running.url}/v1/fixture/big`, { agent: new Agent({ keepAlive: true }) }),
    'response',
  )) as [IncomingMessage];
  await pollUntil(async () => response.readableLength > 0);
  const closing = running.close();
  await pollUntil(async () => !running.app.getHttpServer().listening);

  let read = 0;
  for await (const chunk of response) read += (chunk as Buffer).length;
  const started = performance.now();
  await closing;

  expect([response.complete, read]).toEqual([true, JSON.stringify({ text: '' }).length + BIG]);
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('closing does not wait for idle connections', async () => {
  const agent = new Agent({ keepAlive: true });
  await request('/v1/fixture/plain', agent);

  const started = performance.now();
  await running.close();

  expect(performance.now() - started).toBeLessThan(2_000);
});

test('closing does not wait for connections that have asked nothing', async () => {
  const { port } = new URL(running.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  await pollUntil(async () => (await connections()) > 0);

  const started = performance.now();
  await running.close();

  expect(performance.now() - started).toBeLessThan(3_000);
  socket.destroy();
});

test.each([
  ['does not read its answer', 'GET /v1/fixture/endless HTTP/1.1\r\nHost: a\r\n\r\n'],
  [
    'does not end its request',
    'POST /v1/fixture/sign-up HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
])('closing waits thirty seconds, and no longer, for a client that %s', async (_, bytes) => {
  const arrived = once(running.app.getHttpServer(), 'request');
  const socket = connect(running.port, '127.0.0.1').on('error', () => undefined);
  socket.write(bytes);
  await arrived;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
  let closed = false;
  const closing = running.close().then(() => (closed = true));
  await jest.advanceTimersByTimeAsync(29_000);
  const closedBefore = closed;
  await jest.advanceTimersByTimeAsync(2_000);
  jest.useRealTimers();

  await closing;
  expect(closedBefore).toBe(false);
  socket.destroy();
});

test('once it is to stop, requests are still answered, and their connections closed', async () => {
  running.app.get(Readiness).shutDown();
  const agent = new Agent({ keepAlive: true });
  const { response } = await request('/v1/fixture/plain', agent);
  await running.close();

  expect(response.statusCode).toBe(200);
  expect(response.headers.connection).toBe('close');
});

function connections(): Promise<number> {
  return new Promise((resolve) =>
    running.app.getHttpServer().getConnections((_error: unknown, count: number) => resolve(count)),
  );
}

async function pollUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
