import { once } from 'node:events';
import { connect } from 'node:net';
import { LiveConnections } from '../src/auth/live/live-connections.js';
import { sessionRow, type SessionRow } from './support/session-row.js';
import { LastActivityService } from '../src/sessions/last-activity.service.js';
import { sendRaw } from './http-fixture.js';
import { Device, send } from './support/device.js';
import { LiveGatewaysModule } from './support/live-gateways.js';
import { openSocket, refusedSocket } from './support/live-socket.js';
import { changeAccount } from './support/operator.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
let device: Device;
const logged: string[] = [];

beforeAll(async () => {
  service = await startService({
    env: { CORS_ORIGINS: 'https://app.example.test' },
    extras: { imports: [LiveGatewaysModule] },
    onLog: (line) => logged.push(line),
  });
});
beforeEach(async () => {
  device = await Device.register(service);
});
afterAll(() => service.stop());

const PROBLEM = 'application/problem+json; charset=utf-8';

describe('a handshake', () => {
  test('is private unless it says otherwise, and refused as a request is', async () => {
    const refused = await refusedSocket(service, '/live/plain');
    expect(refused).toMatchObject({ status: 401, code: 'token_missing', type: PROBLEM });
    expect(refused.challenge).toMatch(/^Bearer/);
    expect(await refusedSocket(service, '/live/plain', { token: 'nonsense' })).toMatchObject({ code: 'token_invalid' });
    const { accessToken } = device;
    await device.send('/v1/auth/logout', { method: 'POST' });
    expect(await refusedSocket(service, '/live/plain', { token: accessToken })).toMatchObject({
      status: 401,
      code: 'session_ended',
    });
    expect(await refusedSocket(service, '/live/nowhere', { token: accessToken })).toMatchObject({
      status: 404,
      code: 'not_found',
      type: PROBLEM,
    });
  });

  test('with a token in its header is admitted, and the gateway knows who it is', async () => {
    const live = await openSocket(service, '/live/plain', { token: device.accessToken });
    await poll(() => live.received.length === 1);
    expect(live.received[0]).toEqual({ event: 'hello', data: device.sessionId });
    expect(await live.ask('who')).toMatchObject({ event: 'you', data: { userId: device.userId, roles: [] } });
    live.socket.close();
  });

  test('with a token as a subprotocol is admitted from our own pages; what is agreed on is the other entry', async () => {
    const protocols = ['portcullis', `bearer.${device.accessToken}`];
    for (const origin of [PUBLIC_URL, 'https://app.example.test']) {
      for (const order of [protocols, protocols.toReversed()]) {
        const live = await openSocket(service, '/live/plain', { protocols: order, headers: { origin } });
        expect(live.socket.protocol).toBe('portcullis');
        live.socket.close();
      }
    }
    for (const origin of ['https://evil.test', 'null'])
      expect(await refusedSocket(service, '/live/plain', { protocols, headers: { origin } })).toMatchObject({
        status: 403,
        code: 'cross_site_refused',
      });
    const both = await refusedSocket(service, '/live/plain', { protocols, token: device.accessToken });
    expect(both).toMatchObject({ status: 400, code: 'credentials_ambiguous' });
  });

  test('by cookie is admitted from our own pages only: no rule of CORS keeps others from a WebSocket', async () => {
    const cookie = `__Host-portcullis-access-account=${device.accessToken}`;
    const from = (origin?: string) => ({ headers: { cookie, ...(origin && { origin }) } });
    const live = await openSocket(service, '/live/plain', from(PUBLIC_URL));
    live.socket.close();
    for (const origin of ['https://evil.test', 'null', undefined])
      expect(await refusedSocket(service, '/live/plain', from(origin))).toMatchObject({
        status: 403,
        code: 'cross_site_refused',
      });
  });

  test('is never admitted by an address: what stands there goes to logs', async () => {
    const path = `/live/plain?access_token=${device.accessToken}&token=${device.accessToken}`;
    expect(await refusedSocket(service, path)).toMatchObject({ status: 401, code: 'token_missing' });
  });

  test('needs the role and the recent proof that its gateway asks for', async () => {
    const { accessToken: token } = device;
    expect(await refusedSocket(service, '/live/editors', { token })).toMatchObject({ status: 403, code: 'forbidden' });
    await changeAccount(service, device.userId, { roles: ['editor'] });
    await device.refresh();
    (await openSocket(service, '/live/editors', { token: device.accessToken })).socket.close();

    (await openSocket(service, '/live/recent', { token: device.accessToken })).socket.close();
    await service.advance(11 * 60);
    await device.refresh();
    const refused = await refusedSocket(service, '/live/recent', { token: device.accessToken });
    expect(refused).toMatchObject({ status: 401, code: 'reauthentication_required' });
    expect(refused.challenge).toContain('max_age="600"');
  });

  test('to a public gateway needs nothing; its private messages do', async () => {
    const nobody = await openSocket(service, '/live/open', { headers: { origin: 'https://evil.test' } });
    expect(await nobody.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
    expect(await nobody.ask('edit')).toMatchObject({ event: 'problem', data: { status: 401, code: 'token_missing' } });
    nobody.socket.close();
    const somebody = await openSocket(service, '/live/open', { token: device.accessToken });
    expect(await somebody.ask('edit')).toMatchObject({ event: 'problem', data: { status: 403, code: 'forbidden' } });
    somebody.socket.close();
    expect(await refusedSocket(service, '/live/open', { token: 'nonsense' })).toMatchObject({ status: 401 });
  });

  test('to a gateway that looks at the database at each message leaves a connection that stays', async () => {
    const live = await openSocket(service, '/live/checked', { token: device.accessToken });
    await service.app.get(LiveConnections, { strict: false }).closeStale();
    expect(await live.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
    live.socket.close();
  });

  test('that is refused keeps no socket, whatever the client does with its half of it', async () => {
    const socket = connect({ port: Number(new URL(service.url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined).resume();
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    socket.write(`GET /live/plain HTTP/1.1\r\nHost: id.example.test\r\n${upgrade}\r\n`);
    await once(socket, 'end');
    // What nobody has open any more answers this with a reset.
    await poll(() => socket.destroyed || (socket.write('x'), false));
  });

  test('leaves requests alone: a GET of its path is nothing, and other upgrades are plain requests', async () => {
    expect(await send(service, '/live/plain')).toMatchObject({ status: 404, code: 'not_found' });
    const port = Number(new URL(service.url).port);
    const offer = ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAA'].join('\r\n');
    const body = JSON.stringify({ email: device.email, password: device.password, delivery: 'body' });
    const login = [
      'POST /v1/auth/login HTTP/1.1',
      'Host: id.example.test',
      'Connection: Upgrade, HTTP2-Settings',
      offer,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ].join('\r\n');
    // On the same connection, as a client that keeps it does.
    const next = 'GET /health/live HTTP/1.1\r\nHost: id.example.test\r\nConnection: close\r\n\r\n';
    const answers = await sendRaw(port, `${login}\r\n\r\n${body}${next}`);
    expect(answers.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(answers).toContain('"accessToken"');
  });
});

describe('a message', () => {
  test('needs the role and the recent proof that its handler asks for, by the token as it is now', async () => {
    const live = await openSocket(service, '/live/plain', { token: device.accessToken });
    await poll(() => live.received.length === 1);
    expect(await live.ask('edit')).toMatchObject({
      event: 'problem',
      data: { code: 'forbidden', status: 403, message: 'edit', type: `${PUBLIC_URL}/docs/errors#forbidden` },
    });
    expect(await live.ask('sensitive')).toEqual({ event: 'done', data: null });
    await service.advance(599);
    await device.refresh();
    await service.advance(2);
    await live.ask('token.renew', { accessToken: device.accessToken });
    expect(await live.ask('sensitive')).toMatchObject({
      event: 'problem',
      data: { code: 'reauthentication_required' },
    });
    live.socket.close();
  });

  test('that fails is answered with the problem document, which tells no secret', async () => {
    const live = await openSocket(service, '/live/plain', { token: device.accessToken });
    await poll(() => live.received.length === 1);
    expect(await live.ask('refuse')).toMatchObject({
      event: 'problem',
      data: { code: 'not_found', detail: 'There is no such thing.' },
    });
    const broken = await live.ask('break');
    expect(broken).toMatchObject({ event: 'problem', data: { code: 'internal_error', status: 500 } });
    expect(JSON.stringify(broken)).not.toContain('secret');
    await poll(() => logged.some((line) => line.includes('a secret of the implementation')));
    expect(await live.ask('echo', { a: ['b'] })).toEqual({ event: 'echo', data: { a: ['b'] } });
    live.socket.close();
  });

  test('that is none, or is nobody’s, is passed over; one that is too long ends the connection', async () => {
    const live = await openSocket(service, '/live/plain', { token: device.accessToken });
    await poll(() => live.received.length === 1);
    for (const text of ['', 'null', '[]', '{"event": 1}', '{', '{"event":"unknown"}', '{"event":"__proto__"}'])
      live.socket.send(text);
    live.socket.send('{"event":"echo","data":{"__proto__":{"admin":true}}}');
    live.socket.send(Buffer.from([1, 2, 3]));
    expect(await live.ask('echo', 'still there')).toEqual({ event: 'echo', data: 'still there' });
    live.socket.send(JSON.stringify({ event: 'echo', data: 'x'.repeat(20_000) }));
    expect(await live.end()).toBe('1009');
  });

  test('counts as use of the session unless it is passive', async () => {
    const activity = service.app.get(LastActivityService, { strict: false });
    const lastUse = async (): Promise<SessionRow[string]> => {
      await activity.write();
      return (await sessionRow(service, device.sessionId))['last_active_at']!;
    };
    const live = await openSocket(service, '/live/plain', { token: device.accessToken });
    const opened = await lastUse();
    await service.advance(100);
    await live.ask('echo');
    expect(await lastUse()).toBe(opened);
    await live.ask('who');
    expect(await lastUse()).not.toBe(opened);
    live.socket.close();
  });

  test('of a client that reads nothing ends its connection, and the instance keeps its memory', async () => {
    const live = await openSocket(service, '/live/plain', { token: device.accessToken });
    live.socket.pause();
    live.socket.send(JSON.stringify({ event: 'flood' }));
    await poll(() => logged.some((line) => line.includes('A client does not read')));
    live.socket.resume();
    expect(await live.end()).toBe('1006');
  });

  test('no token and no message is in the log', () => {
    expect(logged.some((line) => line.includes('"status":101'))).toBe(true);
    expect(logged.join('\n')).not.toContain(device.accessToken.split('.')[2]);
  });
});
