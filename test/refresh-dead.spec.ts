import { jest } from '@jest/globals';
import { Clock } from '../src/common/clock.js';
import { Database } from '../src/database/database.js';
import { DeadTokens } from '../src/sessions/dead-tokens.js';
import { Device } from './support/device.js';
import { accountsOf, ACT } from './support/operator.js';
import { startService, type Service } from './support/service.js';

/** Refresh tokens of sessions that have ended, presented again and again. */
let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** How many statements about sessions the work took. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const database = service.app.get(Database, { strict: false });
  const spies = [jest.spyOn(database, 'query'), jest.spyOn(database, 'queryPrepared')];
  await work();
  const texts = spies.flatMap((spy) => spy.mock.calls.map((given: unknown[]) => given.join(' ')));
  for (const spy of spies) spy.mockRestore();
  return texts.filter((text) => /\bsessions\b/.test(text)).length;
}

const ENDS: [string, (device: Device) => Promise<unknown>, string, string | undefined][] = [
  ['signed out', (device) => device.send('/v1/auth/logout', { method: 'POST' }), 'session_ended', 'signed_out'],
  [
    'signed out everywhere',
    (device) => device.send('/v1/auth/logout-all', { method: 'POST' }),
    'session_ended',
    'signed_out_everywhere',
  ],
  ['unused for too long', () => service.advance(service.config.sessionIdleRemembered), 'session_ended', 'expired'],
  [
    'purged',
    ({ sessionId }) => service.db.query('delete from sessions where id = $1', [sessionId]),
    'refresh_token_invalid',
    undefined,
  ],
];

test.each(ENDS)(
  '%s: the first refresh costs two statements, those of the next minute none; all get the same answer',
  async (_, end, code, reason) => {
    const device = await Device.register(service, { remember: true });
    await end(device);
    const answers: unknown[] = [];
    const refresh = async () => {
      const { status, code: told, body } = await device.refresh();
      answers.push([status, told, body.reason]);
    };
    expect(await statementsOf(refresh)).toBe(2);
    for (let n = 0; n < 20; n++) expect(await statementsOf(refresh)).toBe(0);
    await service.advance(61);
    expect(await statementsOf(refresh)).toBe(2);
    expect(answers).toEqual(answers.map(() => [401, code, reason]));
  },
);

test('another token is looked at by itself: of the same session, of the same person', async () => {
  const device = await Device.register(service);
  const tablet = await device.another();
  const old = device.refreshToken;
  await device.refresh();
  await device.send('/v1/auth/logout', { method: 'POST' });
  expect((await device.refresh()).code).toBe('session_ended');
  expect(await statementsOf(() => device.refresh(old))).toBe(2);
  expect((await tablet.refresh()).status).toBe(200);
});

test('what may change again is not remembered: a suspension', async () => {
  const device = await Device.register(service);
  await accountsOf(service).suspend(device.userId, ACT);
  expect((await device.refresh()).code).toBe('account_suspended');
  await accountsOf(service).restore(device.userId, ACT);
  expect((await device.refresh()).code).toBe('session_ended');
});

test('ten thousand are remembered, and the oldest is forgotten for the next', () => {
  const tokens = new DeadTokens(new Clock());
  const token = (generation: number) => ({
    sessionId: '9b2f6a1e-7d43-4c55-9d0e-2f1f3a8f7c11',
    generation,
    secretHash: Buffer.alloc(32),
    byBrowser: false,
    applicationId: 'account',
    delivery: 'body' as const,
  });
  for (let n = 0; n <= 10_000; n++) tokens.add(token(n), { verdict: 'ended', endReason: 'signed_out' });
  expect([tokens.find(token(0)), tokens.find(token(1)), tokens.find(token(10_000))]).toMatchObject([
    null,
    { verdict: 'ended' },
    { verdict: 'ended' },
  ]);
});
