import { Device, send } from './support/device.js';
import { startExample, type RunningExample } from './support/example.js';
import { newBackend } from './support/feed.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
const examples: RunningExample[] = [];

beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await Promise.all(examples.map((example) => example.stop()));
  await service.stop();
});

async function start(name: string): Promise<RunningExample> {
  const { secret } = await newBackend(service, 'account');
  const env = { PORT: '0', PORTCULLIS_URL: service.url, PORTCULLIS_ISSUER: PUBLIC_URL, PORTCULLIS_SECRET: secret };
  const example = await startExample(name, env);
  examples.push(example);
  return example;
}

test.each([
  ['express', '/prices', '/events', ':\n\n'],
  ['nest', '/orders/prices', '/orders/events', 'event: ready\nid: 1\ndata: {}\n\n'],
])(
  'the %s example, started by its one command, lets in whom the service lets in, and nobody after sign-out',
  async (name, prices, stream, opening) => {
    const example = await start(name);
    const device = await Device.register(service);
    const ask = (path: string) => send(example, path, { token: device.accessToken });
    expect((await ask('/orders')).body).toMatchObject({ user: device.userId });
    expect(await ask(prices)).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await send(example, '/orders')).toMatchObject({ status: 401, code: 'token_missing' });
    expect(await send(example, '/health')).toMatchObject({ status: 200 });
    const headers = { authorization: `Bearer ${device.accessToken}` };
    const events = await fetch(example.url + stream, { headers });
    await device.send('/v1/auth/logout', { method: 'POST' });
    // It ends by itself.
    expect((await events.text()).trimStart()).toBe(opening);
    expect(await ask('/orders')).toMatchObject({ status: 401, code: 'session_ended', body: { action: 'sign_in' } });
  },
  60_000,
);
