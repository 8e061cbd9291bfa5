import { LiveConnections } from '../src/auth/live/live-connections.js';
import { Device, send } from './support/device.js';
import { openEvents } from './support/events.js';
import { LiveGatewaysModule } from './support/live-gateways.js';
import { openSocket, refusedSocket } from './support/live-socket.js';
import { changeAccount } from './support/operator.js';
import { poll } from './support/poll.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

const extras = { imports: [LiveGatewaysModule] };
/** Long enough for a slow machine between two steps of the clock. Seconds. */
const STALENESS = 30;

let one: Service;
/** Its database can be taken away. */
let two: Service;
let proxy: TcpProxy;
let device: Device;

beforeAll(async () => {
  one = await startService({ extras });
  proxy = await startProxy(one.db.url);
  const env = { DATABASE_URL: proxy.url, REVOCATION_MAX_STALENESS: `${STALENESS}s` };
  two = await startService({ besides: one, env, extras });
});
beforeEach(async () => {
  device = await Device.register(one);
});
afterAll(async () => {
  await two.stop();
  await proxy.close();
  await one.stop();
});

describe('past forty connections of a session at an instance, of whatever kind,', () => {
  const EVENTS = '/v1/sessions/current/events';
  const TICKS = '/streams/ticks';

  test('one more is refused, until one closes; other sessions and requests are not', async () => {
    const { accessToken: token } = device;
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(one, '/live/plain', { token })));
    const paths = Array.from({ length: 20 }, (_, number) => (number % 2 ? EVENTS : TICKS));
    const streams = await Promise.all(paths.map((path) => openEvents(one, token, path)));

    const tooMany = { status: 429, code: 'too_many_requests' };
    expect(await refusedSocket(one, '/live/plain', { token })).toMatchObject(tooMany);
    for (const path of [EVENTS, TICKS]) expect(await device.send(path)).toMatchObject(tooMany);
    expect((await device.send('/v1/users/me')).status).toBe(200);
    const another = await device.another();
    await (await openEvents(one, another.accessToken)).close();
    await (await openEvents(two, token)).close();

    await streams[0]!.close();
    await poll(async () => (await refusedSocket(one, '/live/plain', { token })).status === 101);
    await Promise.all(streams.map((stream) => stream.close()));
    for (const { socket } of sockets) socket.terminate();
  });

  test('a socket that shows a fresh token still takes one place', async () => {
    const { accessToken: token } = device;
    const sockets = await Promise.all(Array.from({ length: 40 }, () => openSocket(one, '/live/plain', { token })));
    const renewed = await Promise.all(sockets.map((socket) => socket.ask('token.renew', { accessToken: token })));
    expect(new Set(renewed.map(({ event }) => event))).toEqual(new Set(['token.renewed']));
    sockets[0]!.socket.close();
    await poll(async () => (await refusedSocket(one, '/live/plain', { token })).status === 101);
    for (const { socket } of sockets) socket.terminate();
  });
});

describe('an event stream of a module', () => {
  test('is private, and ends with its session on another instance, saying why', async () => {
    expect((await send(two, '/streams/ticks')).code).toBe('token_missing');
    const stream = await openEvents(two, device.accessToken, '/streams/ticks');
    expect(await stream.until('tick')).toEqual({ type: 'tick', data: { data: 0 } });
    await device.send('/v1/auth/logout', { method: 'POST' });
    expect(await stream.until('closed')).toEqual({ type: 'closed', data: { code: 'session_ended' } });
    expect(await stream.next()).toBeNull();
  });

  test.each([
    ['token_outdated', (mine: Device) => changeAccount(one, mine.userId, { roles: ['editor'] })],
    ['account_suspended', (mine: Device) => changeAccount(one, mine.userId, { status: 'suspended' })],
  ])('ends with %s, the code that a request gets', async (code, act) => {
    const stream = await openEvents(two, device.accessToken, '/streams/ticks');
    await act(device);
    expect(await stream.until('closed')).toEqual({ type: 'closed', data: { code } });
    expect((await device.send('/v1/users/me')).code).toBe(code);
  });

  test('lasts as long as the session of who has no new token for it, and no longer', async () => {
    const stream = await openEvents(one, device.accessToken, '/streams/ticks');
    await stream.until('tick');
    await one.advance(700);
    await device.refresh();
    await stream.until('tick');
    await one.advance(13 * 3_600);
    expect(await stream.until('closed')).toEqual({ type: 'closed', data: { code: 'session_ended' } });
  });

  test('stays open for all where it is public', async () => {
    const stream = await openEvents(one, device.accessToken, '/streams/open');
    await device.send('/v1/auth/logout', { method: 'POST' });
    for (let tick = 0; tick < 5; tick++) expect((await stream.next())?.type).toBe('tick');
    await stream.close();
  });
});

test('without a database, connections go on up to the limit, then close and are refused: never silently stale', async () => {
  await catchUp(two);
  const [live, open] = [
    await openSocket(two, '/live/plain', { token: device.accessToken }),
    await openSocket(two, '/live/open'),
  ];
  await poll(() => live.received.length === 1);
  proxy.cut();
  await one.advance(STALENESS - 15);
  expect(await live.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  await one.advance(16);
  expect(await live.end()).toBe('4503 revocation_unavailable');
  expect(await refusedSocket(two, '/live/plain', { token: device.accessToken })).toMatchObject({
    status: 503,
    code: 'revocation_unavailable',
  });
  expect(await open.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  open.socket.close();

  proxy.heal();
  await catchUp(two);
  (await openSocket(two, '/live/plain', { token: device.accessToken })).socket.close();
});

test('a client that is gone without a word is let go of; one that answers stays', async () => {
  const connections = one.app.get(LiveConnections, { strict: false });
  const [alive, gone] = [
    await openSocket(one, '/live/plain', { token: device.accessToken }),
    await openSocket(one, '/live/plain', { token: device.accessToken }),
  ];
  gone.socket.pong = () => undefined;
  connections.pingAll();
  await Promise.all([alive, gone].map(({ socket }) => new Promise((resolve) => socket.once('ping', resolve))));
  expect(await alive.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
  connections.pingAll();
  expect(await gone.end()).toBe('1006');
  expect(await alive.ask('echo', 2)).toEqual({ event: 'echo', data: 2 });
  alive.socket.close();
});
