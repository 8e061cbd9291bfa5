import { jest } from '@jest/globals';
import { LiveConnections } from '../src/auth/live/live-connections.js';
import { AccessTokenVerification } from '../src/tokens/access-token-verification.js';
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

test('of renewals one after the other, each takes the place of the one before', async () => {
  const live = await openSocket(service, '/live/plain', { token: device.accessToken });
  for (let n = 0; n < 3; n++) {
    await live.ask('token.renew', { accessToken: device.accessToken });
    expect(watches()).toBe(1);
  }
  live.socket.close();
  await poll(() => watches() === 0);
});
