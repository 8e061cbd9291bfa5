import { Device } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { TRUST_PROXY: 'loopback' } });
});
afterAll(() => service.stop());

/** The address the service noted for a request with this header. */
async function notedFor(forwarded: string): Promise<string | null> {
  const device = await Device.register(service);
  const headers = { 'x-forwarded-for': forwarded };
  const answer = await device.send('/v1/auth/refresh', { body: { refreshToken: device.refreshToken }, headers });
  expect(answer.status).toBe(200);
  const renamed = await device.send('/v1/users/me', { method: 'PATCH', body: { name: 'Ada' }, headers });
  expect(renamed.status).toBe(200);
  const { items } = (await device.send('/v1/users/me/activity')).body;
  const [session] = (await device.send('/v1/sessions')).body.items;
  expect(session.ip).toBe(items[0].ip);
  return session.ip;
}

test.each([
  ['198.51.100.7', '198.51.100.7'],
  ['2001:db8::7', '2001:db8::7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['10.0.0.1, 198.51.100.7', '198.51.100.7'],
])('behind a trusted proxy, %s is where the person is: %s', async (forwarded, expected) => {
  expect(await notedFor(forwarded)).toBe(expected);
});

test.each(['unknown', '198.51.100.7:4711', '%eth0', '_hidden', "' or 1=1", '198.51.100.7 x'])(
  'what a proxy says that is no address (%s) does no harm, and is not kept',
  async (forwarded) => {
    expect(await notedFor(forwarded)).toBeNull();
  },
);
