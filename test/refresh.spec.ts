import { Device, send } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

let service: Service;

beforeAll(async () => {
  // Fewer connections than the requests that race.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
});
afterAll(() => service.stop());

const refreshWith = (refreshToken: string, at: Pick<Service, 'url'> = service) =>
  send(at, '/v1/auth/refresh', { body: { refreshToken } });

test('a refresh gives a new access token and the next refresh token; both work', async () => {
  const device = await Device.register(service);
  const before = device.refreshToken;
  const answer = await device.refresh();
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ tokenType: 'Bearer', expiresIn: 600, session: { id: device.sessionId } });
  expect(device.refreshToken).not.toBe(before);
  expect(await device.access()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
});

test('a refresh makes no row: the session is the same one', async () => {
  const device = await Device.register(service);
  for (let round = 2; round <= 6; round++) {
    await device.refresh();
    expect((await sessionRow(service, device.sessionId)).generation).toBe(String(round));
  }
  const rows = await service.db.query('select 1 from sessions where user_id = $1', [device.userId]);
  expect(rows).toHaveLength(1);
});

test('a refresh leaves the access token that is still running', async () => {
  const device = await Device.register(service);
  const older = device.accessToken;
  await device.refresh();
  expect((await device.send('/v1/users/me', { token: older })).status).toBe(200);
});

test('fifty parallel refreshes of one token give one new token, all 200, in every round', async () => {
  const device = await Device.register(service);
  for (let round = 1; round <= 4; round++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => refreshWith(device.refreshToken)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill(200));
    expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
    expect((await sessionRow(service, device.sessionId)).generation).toBe(String(round + 1));
    device.refreshToken = answers[0]!.body.refreshToken;
    for (const { body } of answers.slice(0, 5)) {
      expect((await device.send('/v1/users/me', { token: body.accessToken })).status).toBe(200);
    }
  }
  expect((await device.refresh()).status).toBe(200);
});

test('fifty parallel refreshes of one token over two instances give one new token, all 200', async () => {
  const other = await startService({ besides: service, env: { DATABASE_POOL_SIZE: '3' } });
  try {
    const device = await Device.register(service);
    for (let round = 1; round <= 3; round++) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => refreshWith(device.refreshToken, index % 2 ? service : other)),
      );
      expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill(200));
      expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
      expect((await sessionRow(service, device.sessionId)).generation).toBe(String(round + 1));
      device.refreshToken = answers[0]!.body.refreshToken;
    }
    expect((await device.refresh(device.refreshToken, other)).status).toBe(200);
  } finally {
    await other.stop();
  }
});

test('a lost answer: the same refresh within the grace gets the same token again', async () => {
  const device = await Device.register(service);
  const lost = device.refreshToken;
  const first = await device.refresh();
  await service.advance(9);
  const again = await device.refresh(lost);
  expect(again.status).toBe(200);
  expect(again.body.refreshToken).toBe(first.body.refreshToken);
  expect(again.body.accessToken).not.toBe(first.body.accessToken);
  expect((await sessionRow(service, device.sessionId)).generation).toBe('2');
  expect(await device.access()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
});

test('a client that hangs up before the answer loses nothing', async () => {
  const device = await Device.register(service);
  const hangUp = new AbortController();
  const lost = fetch(`${service.url}/v1/auth/refresh`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken: device.refreshToken }),
    signal: hangUp.signal,
  }).catch(() => null);
  await poll(async () => (await sessionRow(service, device.sessionId)).generation === '2');
  hangUp.abort();
  await lost;
  expect((await device.refresh()).status).toBe(200);
  expect((await sessionRow(service, device.sessionId)).generation).toBe('2');
  expect((await device.refresh()).status).toBe(200);
});

test('what is replaced is told by the generation, not by the clock: two rotations in one moment are two', async () => {
  const device = await Device.register(service);
  const first = device.refreshToken;
  await device.refresh();
  await device.refresh();
  await service.db.query('update sessions set rotated_at = created_at where id = $1', [device.sessionId]);
  expect((await refreshWith(first)).code).toBe('refresh_token_reused');
});

test('the current token works however long ago it was made, on an instance that started later', async () => {
  const device = await Device.register(service, { remember: true });
  await device.refresh();
  await service.advance(13 * 86_400);
  const later = await startService({ besides: service });
  try {
    expect((await device.refresh(device.refreshToken, later)).status).toBe(200);
    expect(await device.access(later)).toBeNull();
    expect(await device.access()).toBeNull();
  } finally {
    await later.stop();
  }
});

test('a changed role is in the next access token', async () => {
  const device = await Device.register(service);
  await service.db.query(`update users set roles = '{editor}' where id = $1`, [device.userId]);
  const answer = await device.refresh();
  expect(answer.body.user.roles).toEqual(['editor']);
});

test('a token of an older server key is good, and is replaced by one of the first key', async () => {
  const device = await Device.register(service);
  const [old] = service.config.refreshTokenKeys;
  const rotated = `t2:${Buffer.alloc(32, 'k2').toString('base64')},${old!.id}:${old!.key.toString('base64')}`;
  const later = await startService({ besides: service, env: { REFRESH_TOKEN_KEYS: rotated } });
  try {
    const answer = await device.refresh(device.refreshToken, later);
    expect(answer.status).toBe(200);
    expect(answer.body.refreshToken).toMatch(/^prt_t2\./);
    expect((await device.refresh(device.refreshToken, later)).status).toBe(200);
    // The instance that does not know the new key yet refuses, and harms nothing.
    expect((await refreshWith(device.refreshToken)).code).toBe('refresh_token_invalid');
    expect((await device.refresh(device.refreshToken, later)).status).toBe(200);
  } finally {
    await later.stop();
  }
});
