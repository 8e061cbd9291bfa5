import { Device, send } from './support/device.js';
import { startService, type Service } from './support/service.js';
import { sessionRow } from './support/session-row.js';

let service: Service;
const log: string[] = [];

// One instance only: Nest's loggers all write where the instance started last does.
beforeAll(async () => {
  service = await startService({ onLog: (line) => log.push(line) });
});
afterAll(() => service.stop());

const refreshWith = (refreshToken: string) => send(service, '/v1/auth/refresh', { body: { refreshToken } });

/** A device that refreshed `times`, and all its refresh tokens, the oldest first. */
async function refreshed(times: number): Promise<{ device: Device; tokens: string[] }> {
  const device = await Device.register(service);
  const tokens = [device.refreshToken];
  for (let round = 0; round < times; round++) {
    await device.refresh();
    tokens.push(device.refreshToken);
  }
  return { device, tokens };
}

test('a token ahead of the database is refused with an alarm, and the session goes on', async () => {
  const { device, tokens } = await refreshed(2);
  log.length = 0;
  // As a restored backup would: the database has not seen the last refresh.
  await service.db.query('update sessions set generation = 2 where id = $1', [device.sessionId]);
  const restored = await sessionRow(service, device.sessionId);
  const ahead = await refreshWith(tokens[2]!);
  expect([ahead.status, ahead.code]).toEqual([401, 'refresh_token_invalid']);
  expect(await sessionRow(service, device.sessionId)).toEqual(restored);
  const alarms = log.map((line) => JSON.parse(line)).filter((line) => line.level === 'error');
  expect(alarms).toHaveLength(1);
  expect(alarms[0]).toMatchObject({ sessionId: device.sessionId, generation: 3, databaseGeneration: 2 });
  expect(await device.access()).toBeNull();
  expect((await refreshWith(tokens[1]!)).status).toBe(200);
});

test('no refresh token and no part of one is in the log, whatever came of it', async () => {
  const { tokens } = await refreshed(2);
  await refreshWith(tokens[2]!.slice(0, -1));
  await refreshWith(tokens[0]!);
  const text = log.join('\n');
  for (const token of tokens) {
    const [secret, mac] = token.split('.').slice(3);
    for (const part of [token, secret!, mac!]) expect(text).not.toContain(part);
  }
});
