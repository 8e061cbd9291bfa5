import { Device, PASSWORD, send, type Answer } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

/** For each of the seven kinds of revocation: a thousand in all by `npm run test:faults`. */
const LONG = process.env.npm_lifecycle_event === 'test:faults';
const ROUNDS = Number(process.env.RACES_ROUNDS ?? (LONG ? 150 : 4));

let service: Service;
let elsewhere: Service;

beforeAll(async () => {
  // Fewer connections than the requests that race.
  // A thousand rounds register more people than one source may.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4', RATE_LIMITS: 'off' } });
  elsewhere = await startService({ besides: service, env: { DATABASE_POOL_SIZE: '3', RATE_LIMITS: 'off' } });
});
afterAll(async () => {
  await elsewhere.stop();
  await service.stop();
});

const refreshWith = (refreshToken: string, at: Pick<Service, 'url'> = service) =>
  send(at, '/v1/auth/refresh', { body: { refreshToken } });

/** To the other one of two: in the next round there is a password to change again. */
function changePassword(by: Device): Promise<Answer> {
  const currentPassword = by.password;
  by.password = currentPassword === PASSWORD ? 'difference engine 1822' : PASSWORD;
  return by.send('/v1/auth/password', { body: { currentPassword, newPassword: by.password } });
}

/** What takes a session back. `by` is another device of the same person; it stays signed in where that is possible. */
const REVOKES: [name: string, revoke: (device: Device, by: Device) => Promise<Answer>][] = [
  ['its sign-out by access token', (device) => device.send('/v1/auth/logout', { method: 'POST' })],
  ['its sign-out by refresh token', ({ refreshToken }) => send(service, '/v1/auth/logout', { body: { refreshToken } })],
  ['its end by another device', ({ sessionId }, by) => by.send(`/v1/sessions/${sessionId}`, { method: 'DELETE' })],
  ['the end of all others', (_, by) => by.send('/v1/sessions?except=current', { method: 'DELETE' })],
  ['a password change', (_, by) => changePassword(by)],
  ['a sign-out everywhere', (_, by) => by.send('/v1/auth/logout-all', { method: 'POST' })],
  ['the deletion of the account', (_, by) => by.send('/v1/users/me', { method: 'DELETE' })],
];

describe.each(REVOKES)('a refresh against %s', (_, revoke) => {
  test(
    'gives nothing that works once the revocation is answered',
    async () => {
      let by = await Device.register(service);
      const revoked: string[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const device = await by.another();
        const token = device.refreshToken;
        const refreshes = Array.from({ length: 4 }, (__, index) => refreshWith(token, index % 2 ? service : elsewhere));
        // Not all at the same moment: each round lets the refreshes run a little further before the revocation.
        if (round % 3) await Promise.race(refreshes.slice(0, round % 3));
        expect((await by.keeping(revoke(device, by))).status).toBeLessThan(300);
        revoked.push(...(await expectNothingWorks(device, await Promise.all(refreshes))));
        if ((await by.access()) !== null) by = await Device.register(service);
      }
      const statusThere = async (token: string) => (await send(elsewhere, '/v1/users/me', { token })).status;
      await poll(async () => (await statusThere(revoked.at(-1)!)) === 401, 5);
      for (const token of revoked) expect(await statusThere(token)).toBe(401);
    },
    30_000 + ROUNDS * 1_000,
  );
});

/** Neither what the device had nor what the refreshes gave it. Returns the access tokens. */
async function expectNothingWorks(device: Device, answers: Answer[]): Promise<string[]> {
  const given = answers.filter((answer) => answer.status === 200).map((answer) => answer.body);
  for (const answer of answers) expect([null, 'session_ended']).toContain(answer.code);
  const accessTokens = [device.accessToken, ...given.map((body) => body.accessToken)];
  for (const token of accessTokens) {
    expect((await device.send('/v1/users/me', { token })).status).toBe(401);
  }
  for (const token of new Set([device.refreshToken, ...given.map((body) => body.refreshToken)])) {
    expect((await refreshWith(token)).code).toBe('session_ended');
    expect((await refreshWith(token, elsewhere)).code).toBe('session_ended');
  }
  return accessTokens;
}
