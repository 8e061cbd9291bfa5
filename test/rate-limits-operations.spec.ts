import { jest } from '@jest/globals';
import pg from 'pg';
import { Database } from '../src/database/database.js';
import { rateLimits, type RateLimitName } from '../src/limits/rate-limits.js';
import { codeBlocks, readPage, sectionOf, tableRows } from './docs-pages.js';
import { BEHIND_PROXY, countAs, guess, newAddress, signIn } from './support/attempts.js';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';
import { startProxy } from './support/tcp-proxy.js';

const HERE = rateLimits['sign_in.account_source'].points;

let service: Service;
const log: string[] = [];

beforeAll(async () => {
  service = await startService({ env: BEHIND_PROXY, onLog: (line) => log.push(line) });
});
afterAll(() => service.stop());

/** A statement of the operator's page, by the comment it begins with. */
function task(title: string, values: Record<string, string> = {}) {
  const section = sectionOf(readPage('docs/operations.md'), '## Limits on wrong passwords');
  const { code } = codeBlocks(section).find(({ code }) => code.startsWith(`-- ${title}`))!;
  return service.db.query<{ key: string; until: Date }>(
    code.replaceAll(/:'(\w+)'/g, (_, name: string) => `'${values[name]}'`),
  );
}

test('the operator sees which limits are full, and until when; the log says which limit refused', async () => {
  const email = newEmail();
  const ip = newAddress();
  await guess(service, email, ip, HERE - 1);
  expect(await task('Who is refused')).toEqual([]);
  await guess(service, email, ip, 2);
  for (const [name, { points }] of Object.entries(rateLimits))
    await countAs(service, name as RateLimitName, 'somebody', points);
  const refused = await task('Who is refused');
  expect(refused.map(({ key }) => key.split(':')[0]).toSorted()).toEqual(
    [...Object.keys(rateLimits), 'sign_in.account_source'].toSorted(),
  );
  for (const { until } of refused) expect(until.getTime()).toBeGreaterThan(Date.now());
  expect(log.join('\n')).toContain('the limit sign_in.account_source is reached');
});

test('the operator lets an account be tried again, and a source try again', async () => {
  const { email } = await Device.register(service);
  const ip = newAddress();
  await guess(service, email, ip, HERE + 1);
  expect((await signIn(service, email, ip)).status).toBe(429);
  await task('Let an account', { email });
  expect((await signIn(service, email, ip)).status).toBe(200);
  await countAs(service, 'sign_in.source', ip, rateLimits['sign_in.source'].points);
  expect((await signIn(service, email, ip)).status).toBe(429);
  await task('Let a source', { source: ip });
  expect((await signIn(service, email, ip)).status).toBe(200);
});

test('the numbers of the decision are those of the code', () => {
  const rows = tableRows(readPage('docs/decisions/0023-who-may-try-a-password.md').text);
  const told = rows.map(([, points, within]) => `${points} in ${within}`);
  const order = [
    'sign_in.account_source',
    'sign_in.source',
    'sign_in.account',
    'step_up.session',
    'register.source',
    'client.source',
  ];
  expect(order.toSorted()).toEqual(Object.keys(rateLimits).toSorted());
  const words = (seconds: number) => (seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`);
  expect(told).toEqual(
    order.map((name) => {
      const { points, seconds } = rateLimits[name as RateLimitName];
      return `${points} in ${words(seconds)}`;
    }),
  );
});

test('without the database there is neither a sign-in nor a guess: 503', async () => {
  const { email } = await Device.register(service);
  const proxy = await startProxy(service.db.url);
  const cutOff = await startService({ besides: service, env: { DATABASE_URL: proxy.url } });
  proxy.cut();
  for (const password of [PASSWORD, 'not the password']) {
    const answer = await send(cutOff, '/v1/auth/login', { body: { email, password, delivery: 'body' } });
    expect(answer).toMatchObject({ status: 503, code: 'unavailable' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  proxy.heal();
  await cutOff.stop();
  await proxy.close();
});

test('a sign-in costs four statements more at most; ordinary requests and refreshes, forged ones too, none', async () => {
  const device = await Device.register(service);
  const statements = jest.spyOn(service.app.get(Database), 'queryPrepared');
  const counted = async (work: () => Promise<unknown>) => {
    statements.mockClear();
    await work();
    return statements.mock.calls.filter(([name]) => name.startsWith('rate_limits')).length;
  };
  expect(await counted(() => device.login())).toBeLessThanOrEqual(4);
  expect(await counted(() => guess(service, device.email, newAddress(), 1))).toBeLessThanOrEqual(4);
  expect(await counted(() => device.access())).toBe(0);
  expect(await counted(() => device.refresh())).toBe(0);
  expect(await counted(() => device.refresh(`${device.refreshToken.slice(0, -4)}AAAA`))).toBe(0);
  statements.mockRestore();
});

test('a count does not wait for the disk, whatever else the database waits for', async () => {
  // The database of a test run waits for nothing.
  const client = new pg.Client({ connectionString: service.db.url, options: '-c synchronous_commit=on' });
  await client.connect();
  const { rows } = await client.query(
    `insert into rate_limits values ('sign_in.source:early', 1, 0)
     returning current_setting('synchronous_commit') as early`,
  );
  expect(rows).toEqual([{ early: 'off' }]);
  expect((await client.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }]);
  await client.end();
});

test('RATE_LIMITS=off, for benchmarks: nothing is counted', async () => {
  const unlimited = await startService({ besides: service, env: { RATE_LIMITS: 'off' } });
  const { email } = await Device.register(service);
  await service.db.query('delete from rate_limits');
  await guess(unlimited, email, newAddress(), HERE + 2);
  expect(await service.db.query('select * from rate_limits')).toEqual([]);
  await unlimited.stop();
});
