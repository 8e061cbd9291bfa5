import { spawn, type ChildProcess } from 'node:child_process';
import { Device, send } from './support/device.js';
import { newBackend } from './support/feed.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
let example: ChildProcess;
let url = '';

beforeAll(async () => {
  service = await startService();
  const { secret } = await newBackend(service, 'account');
  example = spawn(process.execPath, ['examples/express-api/server.mjs'], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      PORTCULLIS_URL: service.url,
      PORTCULLIS_ISSUER: PUBLIC_URL,
      PORTCULLIS_SECRET: secret,
    },
  });
  let said = '';
  for (const stream of [example.stdout, example.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk));
  await poll(() => /http:\/\/localhost:\d+/.test(said));
  url = /http:\/\/localhost:\d+/.exec(said)![0];
});
afterAll(async () => {
  example.kill('SIGKILL');
  await service.stop();
});

test('the Express example, started by its one command, lets in whom the service lets in, and nobody after sign-out', async () => {
  const device = await Device.register(service);
  const ask = (path: string) => send({ url }, path, { token: device.accessToken });
  expect((await ask('/orders')).body).toEqual({ user: device.userId });
  expect(await ask('/prices')).toMatchObject({ status: 403, code: 'forbidden' });
  expect(await send({ url }, '/orders')).toMatchObject({ status: 401, code: 'token_missing' });
  const events = await fetch(`${url}/events`, { headers: { authorization: `Bearer ${device.accessToken}` } });
  await device.send('/v1/auth/logout', { method: 'POST' });
  // It ends by itself.
  expect(await events.text()).toBe(':\n\n');
  expect(await ask('/orders')).toMatchObject({ status: 401, code: 'session_ended', body: { action: 'sign_in' } });
});
