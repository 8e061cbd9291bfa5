import { jest } from '@jest/globals';
import { AccessTokenInspectionService } from '../src/tokens/access-token-inspection.service.js';
import { claimsOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { newBackend } from './support/feed.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { LiveGatewaysModule } from './support/live-gateways.js';
import { openSocket, refusedSocket } from './support/live-socket.js';
import { introspect } from './support/oauth.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

// What is asked after a step of the clocks is asked within three seconds of it, which a machine may not manage.
jest.retryTimes(2);

/** Tokens bear the database's time, and are judged by it, whatever the clock of the machine says. */
let service: Service;

/** What verifiers allow, and for how long the tokens of these tests live. Seconds. */
const LEEWAY = 5;
const LIFE = 600;

/** For how long a proof is recent to the route of these tests. Seconds. */
const RECENT = 600;

/** Seconds since 1970 by the database's clock. */
async function databaseTime(): Promise<number> {
  const [row] = await service.db.query<{ now: number }>('select extract(epoch from now())::float8 as now');
  return row!.now;
}

/** Moves both clocks, so that they stay apart. */
async function advanceTo(time: number): Promise<void> {
  await service.advance(time - (await databaseTime()));
}

describe.each([4, 10, 29, -4, -10, -29])('the clock of the database %i s ahead of ours', (ahead) => {
  beforeAll(async () => {
    service = await startService({ extras: { imports: [GuardedRoutesModule, LiveGatewaysModule] } });
    await service.db.advance(ahead);
    await catchUp(service);
  });
  afterAll(() => service.stop());

  test('a token is accepted from the moment it was issued, at sign-in and after a refresh', async () => {
    const device = await Device.register(service);
    expect(await device.access()).toBeNull();
    await device.refresh();
    expect(await device.access()).toBeNull();
  });

  test('a token runs out when the database says so, seen before or not', async () => {
    const [seen, unseen] = [await Device.register(service), await Device.register(service)];
    expect(await seen.access()).toBeNull();
    await advanceTo(claimsOf(seen.accessToken).exp + 1.5);
    expect([await seen.access(), await unseen.access()]).toEqual([null, null]);
    const late = await seen.another();
    await advanceTo(claimsOf(late.accessToken).exp + LEEWAY + 0.5);
    expect([await seen.access(), await late.access()]).toEqual(['token_expired', 'token_expired']);
  });

  test('introspection, a handshake and an operator’s look agree with the guard', async () => {
    const backend = await newBackend(service, 'account');
    const device = await Device.register(service);
    const { accessToken: token } = device;
    const judge = async () => [
      (await introspect(service, backend, token)).body.active,
      (await refusedSocket(service, '/live/plain', { token })).code ?? null,
      (await service.app.get(AccessTokenInspectionService, { strict: false }).inspect(token)).code,
    ];
    await advanceTo(claimsOf(token).exp + 1.5);
    expect(await judge()).toEqual([true, null, null]);
    const { socket, closed } = await openSocket(service, '/live/plain', { token });
    expect(closed).toBeNull();
    socket.terminate();
    await advanceTo(claimsOf(token).exp + LEEWAY + 0.5);
    expect(await judge()).toEqual([false, 'token_expired', 'token_expired']);
  });

  test('what stays open closes when the database says that its token has run out', async () => {
    const { accessToken: token } = await Device.register(service);
    const live = await openSocket(service, '/live/plain', { token });
    await advanceTo(claimsOf(token).exp + 1.5);
    // Another look at everything that is open comes each second.
    expect((await live.ask('who')).event).toBe('you');
    await advanceTo(claimsOf(token).exp + LEEWAY + 0.5);
    expect(await live.end()).toBe('4401 token_expired');
  });

  test('how long ago somebody proved who they are is of the database too', async () => {
    const device = await Device.register(service);
    const proved = claimsOf(device.accessToken).auth_time;
    const ask = async () => (await device.send('/plain/recent')).code;
    await advanceTo(proved + RECENT - 3.5);
    expect(await ask()).toBeNull();
    await advanceTo(proved + RECENT + 0.5);
    expect(await ask()).toBe('reauthentication_required');
  });

  test('iat and exp are of the database', async () => {
    const device = await Device.register(service);
    for (const issue of [() => device.login(), () => device.refresh()]) {
      const before = await databaseTime();
      await issue();
      const after = await databaseTime();
      const { iat, exp } = claimsOf(device.accessToken);
      expect(iat).toBeGreaterThanOrEqual(Math.floor(before));
      expect(iat).toBeLessThanOrEqual(after);
      expect(exp).toBe(iat + LIFE);
    }
  });
});
