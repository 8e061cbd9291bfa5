import { jest } from '@jest/globals';
import { LiveConnections } from '../src/auth/live/live-connections.js';
import { Clock } from '../src/common/clock.js';
import { AccessTokenVerification } from '../src/tokens/access-token-verification.js';
import { LiveTokens } from '../src/tokens/live-tokens.js';
import { Device } from './support/device.js';
import { LiveGatewaysModule } from './support/live-gateways.js';
import { openSocket } from './support/live-socket.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { countWatches } from './support/watches.js';

let service: Service;
let device: Device;
let watches: () => number;

beforeAll(async () => {
  service = await startService({ extras: { imports: [LiveGatewaysModule] } });
  device = await Device.register(service);
  watches = countWatches(service);
});
afterAll(() => service.stop());

/** Lets the next look for a key wait: of a token that is signed with one not known here it is a read of the database. */
function holdKeys(): { asked: Promise<void>; goOn: () => void } {
  const verification = service.app.get(AccessTokenVerification, { strict: false });
  const findKey = verification.findKey.bind(verification);
  let goOn!: () => void;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const asked = new Promise<void>((resolve) => {
    jest.spyOn(verification, 'findKey').mockImplementationOnce(async (token) => {
      resolve();
      await gate;
      return findKey(token);
    });
  });
  return { asked, goOn };
}

test('a renewal that comes to its end after its socket has closed leaves no watch', async () => {
  const connections = service.app.get(LiveConnections, { strict: false });
  const renewals = jest.spyOn(connections, 'renew');
  const live = await openSocket(service, '/live/plain', { token: device.accessToken });
  expect(watches()).toBe(1);
  const keys = holdKeys();
  live.socket.send(JSON.stringify({ event: 'token.renew', data: { accessToken: device.accessToken } }));
  await keys.asked;
  live.socket.close();
  await poll(() => watches() === 0);
  keys.goOn();
  expect(await renewals.mock.results[0]!.value).toBeNull();
  expect(watches()).toBe(0);
});

test('a token that runs out between the two looks of a handshake leaves no socket that belongs to nobody', async () => {
  const clock = service.app.get(Clock, { strict: false }) as Clock & { shiftMs: number };
  const tokens = service.app.get(LiveTokens, { strict: false });
  const watch = tokens.watch.bind(tokens);
  const looks = jest.spyOn(tokens, 'watch').mockImplementationOnce((...given) => {
    clock.shiftMs += 700_000;
    try {
      return watch(...given);
    } finally {
      clock.shiftMs -= 700_000;
    }
  });
  const live = await openSocket(service, '/live/plain', { token: device.accessToken });
  expect(await live.end()).toBe('4401 token_expired');
  looks.mockRestore();
});

test('of renewals one after the other, each takes the place of the one before', async () => {
  const live = await openSocket(service, '/live/plain', { token: device.accessToken });
  for (let n = 0; n < 3; n++) {
    await live.ask('token.renew', { accessToken: device.accessToken });
    expect(watches()).toBe(1);
  }
  live.socket.close();
  await poll(() => watches() === 0);
});
