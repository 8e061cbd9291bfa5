import { Device, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  // Fewer connections than the requests that race.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
});
afterAll(() => service.stop());

test('a refresh gives a new access token and the next refresh token; both work', async () => {
  const device = await Device.register(service);
  const before = device.refreshToken;
  expect((await device.refresh()).status).toBe(200);
  expect(device.refreshToken).not.toBe(before);
  expect(await device.access()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
});

test('fifty parallel refreshes of one token give one new token, all 200', async () => {
  const device = await Device.register(service);
  const token = device.refreshToken;
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => send(service, '/v1/auth/refresh', { body: { refreshToken: token } })),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill(200));
  expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
  const [row] = await service.db.query<{ generation: string }>('select generation from sessions where id = $1', [
    device.sessionId,
  ]);
  expect(row?.generation).toBe('2');
});

test('a lost answer: the same refresh within the grace gets the same token again', async () => {
  const device = await Device.register(service);
  const lost = device.refreshToken;
  const first = await device.refresh();
  await service.advance(9);
  const again = await device.refresh(lost);
  expect(again.body.refreshToken).toBe(first.body.refreshToken);
  expect(await device.access()).toBeNull();
});
