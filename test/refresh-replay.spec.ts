import { Device, send } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

const GRACE = 10;

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const refreshWith = (refreshToken: string, at: Pick<Service, 'url'> = service) =>
  send(at, '/v1/auth/refresh', { body: { refreshToken } });

/** A device that refreshed `times`, and all its refresh tokens, the oldest first. */
async function refreshed(times: number, options = {}): Promise<{ device: Device; tokens: string[] }> {
  const device = await Device.register(service, options);
  const tokens = [device.refreshToken];
  for (let round = 0; round < times; round++) {
    await device.refresh();
    tokens.push(device.refreshToken);
  }
  return { device, tokens };
}

describe('the grace', () => {
  test('ends GRACE seconds after the token was replaced: then the older token is a replay', async () => {
    const { device, tokens } = await refreshed(1);
    await service.advance(GRACE - 1);
    expect((await refreshWith(tokens[0]!)).status).toBe(200);
    await service.advance(2);
    const replay = await refreshWith(tokens[0]!);
    expect([replay.status, replay.code]).toEqual([401, 'refresh_token_reused']);
    expect((await device.refresh()).code).toBe('session_ended');
  });

  test('does not slide: a client that keeps asking with the older token is refused when it ends', async () => {
    const { tokens } = await refreshed(1);
    for (let second = 3; second < GRACE; second += 3) {
      await service.advance(3);
      expect((await refreshWith(tokens[0]!)).body.refreshToken).toBe(tokens[1]);
    }
    await service.advance(2);
    expect((await refreshWith(tokens[0]!)).code).toBe('refresh_token_reused');
  });

  test('extends no limit: asking again is no use of the session', async () => {
    const { device, tokens } = await refreshed(1);
    const before = await sessionRow(service, device.sessionId);
    await service.advance(GRACE - 1);
    expect((await refreshWith(tokens[0]!)).status).toBe(200);
    expect(await sessionRow(service, device.sessionId)).toEqual(before);
  });

  test('covers one generation: the token before the last one is a replay even within it', async () => {
    const { device, tokens } = await refreshed(2);
    expect((await refreshWith(tokens[0]!)).code).toBe('refresh_token_reused');
    expect((await refreshWith(tokens[2]!)).code).toBe('session_ended');
    expect(await device.access()).toBe('session_ended');
  });

  test('a token got by asking again is the one that goes on; it is no branch of its own', async () => {
    const { device, tokens } = await refreshed(1);
    const again = await refreshWith(tokens[0]!);
    const next = await refreshWith(again.body.refreshToken);
    expect(next.status).toBe(200);
    expect((await refreshWith(tokens[1]!)).body.refreshToken).toBe(next.body.refreshToken);
    expect((await sessionRow(service, device.sessionId)).generation).toBe('3');
  });

  test('of no length makes the older token a replay at once', async () => {
    const strict = await startService({ besides: service, env: { REFRESH_GRACE: '0s' } });
    try {
      const { tokens } = await refreshed(1);
      expect((await refreshWith(tokens[0]!, strict)).code).toBe('refresh_token_reused');
    } finally {
      await strict.stop();
    }
  });
});

describe('a replay', () => {
  test('ends the session and its access tokens at once, and no other session', async () => {
    const { device, tokens } = await refreshed(2);
    const other = await device.another();
    const older = device.accessToken;
    const replay = await refreshWith(tokens[0]!);
    expect([replay.status, replay.code, replay.body.action]).toEqual([401, 'refresh_token_reused', 'sign_in']);
    expect(await device.access()).toBe('session_ended');
    expect((await device.send('/v1/users/me', { token: older })).code).toBe('session_ended');
    expect(await other.access()).toBeNull();
    expect((await other.refresh()).status).toBe(200);
    const { items } = (await other.send('/v1/sessions')).body;
    expect(items.map((item: { id: string }) => item.id)).toEqual([other.sessionId]);
  });

  test('ends it on the other instances too', async () => {
    const elsewhere = await startService({ besides: service });
    try {
      const { device, tokens } = await refreshed(2);
      expect(await device.access(elsewhere)).toBeNull();
      expect((await refreshWith(tokens[0]!)).code).toBe('refresh_token_reused');
      await poll(async () => (await device.access(elsewhere)) === 'session_ended', 5);
      expect((await refreshWith(tokens[2]!, elsewhere)).code).toBe('session_ended');
    } finally {
      await elsewhere.stop();
    }
  });

  test('is told to the person, with the device by the name they gave it', async () => {
    const { device, tokens } = await refreshed(2, { deviceName: 'Kitchen tablet' });
    const other = await device.another();
    await refreshWith(tokens[0]!);
    const { items } = (await other.send('/v1/users/me/activity')).body;
    expect(items[0]).toMatchObject({
      type: 'refresh_token.reused',
      sessionId: device.sessionId,
      byYou: false,
      ip: '127.0.0.1',
      reason: 'refresh_token_reused',
      details: { device: 'Kitchen tablet', generation: 1 },
    });
  });

  test('by many at once is told once and always refused', async () => {
    const { device, tokens } = await refreshed(2);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refreshWith(tokens[0]!)));
    const codes = new Set(answers.map((answer) => answer.code));
    expect([...codes].filter((code) => code !== 'session_ended')).toEqual(['refresh_token_reused']);
    const told = await service.db.query(
      `select 1 from audit_events where session_id = $1 and type = 'refresh_token.reused'`,
      [device.sessionId],
    );
    expect(told).toHaveLength(1);
  });

  test('of an ended session tells nothing new', async () => {
    const { device, tokens } = await refreshed(2);
    await device.send('/v1/auth/logout', { method: 'POST' });
    for (const token of tokens) expect((await refreshWith(token)).code).toBe('session_ended');
    const told = await service.db.query(
      `select 1 from audit_events where session_id = $1 and type = 'refresh_token.reused'`,
      [device.sessionId],
    );
    expect(told).toHaveLength(0);
  });

  test('stays the end after a restart, and with a longer grace', async () => {
    const { device, tokens } = await refreshed(1);
    await service.advance(GRACE + 1);
    expect((await refreshWith(tokens[0]!)).code).toBe('refresh_token_reused');
    const restarted = await startService({ besides: service, env: { REFRESH_GRACE: '60s' } });
    try {
      for (const token of tokens) expect((await refreshWith(token, restarted)).code).toBe('session_ended');
      expect(await device.access(restarted)).toBe('session_ended');
    } finally {
      await restarted.stop();
    }
  });
});
