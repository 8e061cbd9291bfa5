import { AllowStale, CheckDatabase } from '../src/common/access.js';
import { Device, send } from './support/device.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

/** Seconds. */
const STALENESS = 20;

let one: Service;
/** Its database can be taken away. */
let two: Service;
let proxy: TcpProxy;

beforeAll(async () => {
  one = await startService();
  proxy = await startProxy(one.db.url);
  const env = { DATABASE_URL: proxy.url, REVOCATION_MAX_STALENESS: `${STALENESS}s`, REVOCATION_LISTEN: 'false' };
  two = await startService({ besides: one, env, extras: { imports: [GuardedRoutesModule] } });
});
afterEach(async () => {
  proxy.heal();
  await catchUp(two);
});
afterAll(async () => {
  await two.stop();
  await proxy.close();
  await one.stop();
});

const PLAIN = '/plain';
const CRITICAL = '/critical';
const HARMLESS = '/critical/harmless';

const codeOf = async (device: Device, path: string) => (await device.send(path, {}, two)).code ?? 'served';

test('@CheckDatabase: what another instance revoked before the call is refused, however fresh the deny-list is', async () => {
  for (let round = 0; round < 20; round += 1) {
    const device = await Device.register(one);
    expect(await codeOf(device, CRITICAL)).toBe('served');
    await device.send('/v1/auth/logout', { method: 'POST' });
    expect(await codeOf(device, CRITICAL)).toBe('session_ended');
  }
});

test('@CheckDatabase: without a database 503 at once, while other routes are served', async () => {
  const device = await Device.register(one);
  expect(await codeOf(device, PLAIN)).toBe('served');
  proxy.cut();
  expect([await codeOf(device, PLAIN), await codeOf(device, CRITICAL)]).toEqual(['served', 'revocation_unavailable']);
});

test('@AllowStale: served from memory within its time, never beyond, and what is known to be revoked never', async () => {
  const [device, ended] = [await Device.register(one), await Device.register(one)];
  await ended.send('/v1/auth/logout', { method: 'POST' });
  await catchUp(two);
  proxy.cut();
  await one.advance(STALENESS + 1);
  expect(await codeOf(device, PLAIN)).toBe('revocation_unavailable');
  expect([await codeOf(device, HARMLESS), await codeOf(ended, HARMLESS)]).toEqual(['served', 'session_ended']);
  await one.advance(60 - STALENESS);
  expect([await codeOf(device, HARMLESS), await codeOf(ended, HARMLESS)]).toEqual([
    'revocation_unavailable',
    'revocation_unavailable',
  ]);
});

test('a public class does not open a route that asks for a look at the database', async () => {
  expect(await send(two, '/open/checked')).toMatchObject({ status: 401, code: 'token_missing' });
  expect(await codeOf(await Device.register(one), '/open/checked')).toBe('served');
});

test('an age past five minutes, one that is none, and both decorators at once are faults of the programme', () => {
  expect(() => AllowStale('5m')).not.toThrow();
  expect(() => AllowStale('301s')).toThrow('at most 5 minutes');
  expect(() => AllowStale('soon')).toThrow('no duration');
  for (const decorators of [
    [AllowStale('1s'), CheckDatabase()],
    [CheckDatabase(), AllowStale('1s')],
  ]) {
    class Twice {}
    expect(() => decorators.forEach((decorate) => decorate(Twice))).toThrow('says once');
  }
});
