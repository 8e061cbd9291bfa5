import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cookieHeader, csrf, registerByCookie } from './support/cookie-mode.js';
import { Device, send } from './support/device.js';
import { fronts, type Front } from './support/nginx.js';
import { changeAccount } from './support/operator.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

/** What the application behind was sent. */
interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let service: Service;
let way: TcpProxy;
let orders: { url: string; seen: Seen[]; close(): void };

beforeAll(async () => {
  service = await startService();
  way = await startProxy(service.url);
  orders = await startApplication();
});
afterAll(async () => {
  orders.close();
  await way.close();
  await service.stop();
});

async function startApplication() {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers, body });
    // A status of its own is passed on as it is, 401 and 500 too.
    response.statusCode = Number(headers['x-answer'] ?? 200);
    response.setHeader('content-type', 'application/json').end('{"orders":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, seen, close: () => void server.close().closeAllConnections() };
}

/** What the application behind is told of who is asking. */
const told = ({ headers }: Seen) =>
  ['user', 'session', 'application', 'roles'].map((name) => headers[`x-portcullis-${name}`]);

describe.each(fronts)('examples/nginx/nginx.conf, run by %s', (_, start) => {
  let front: Front;

  beforeAll(async () => {
    front = await start({ portcullis: way.url.replace(/\/$/, ''), orders: orders.url });
  }, 60_000);
  beforeEach(() => orders.seen.splice(0));
  afterAll(() => front.stop());

  const bearer = (device: Device) => ({ authorization: `Bearer ${device.accessToken}` });
  const ask = (headers: Record<string, string> = {}, options: Parameters<typeof send>[2] = {}) =>
    send(front, '/orders/1?all=1', { ...options, headers });

  test('who is let in reaches the application, which learns who it is and no token', async () => {
    const device = await Device.register(service);
    await changeAccount(service, device.userId, { roles: ['editor', 'reader'] });
    await device.refresh();
    const answer = await ask({ ...bearer(device), cookie: 'a=1' }, { method: 'PUT', body: { amount: 3 } });
    expect(answer).toMatchObject({ status: 200, body: { orders: [] } });
    const [seen] = orders.seen;
    expect(seen).toMatchObject({ method: 'PUT', url: '/orders/1?all=1', body: '{"amount":3}' });
    expect(told(seen!)).toEqual([device.userId, device.sessionId, 'account', 'editor,reader']);
    expect([seen!.headers.authorization, seen!.headers.cookie]).toEqual([undefined, undefined]);
  });

  test('the answers of the application are its own', async () => {
    const device = await Device.register(service);
    for (const status of [401, 403, 500]) {
      expect(await ask({ ...bearer(device), 'x-answer': String(status) })).toMatchObject({
        status,
        body: { orders: [] },
      });
    }
  });

  test('nobody else does: 401 and 403 as the service gives them, for whatever method', async () => {
    const [ended, suspended] = [await Device.register(service), await Device.register(service)];
    await ended.send('/v1/auth/logout', { method: 'POST' });
    await changeAccount(service, suspended.userId, { status: 'suspended' });
    for (const method of ['GET', 'POST', 'DELETE']) {
      const body = method === 'POST' ? { amount: 3 } : undefined;
      const missing = await ask({}, { method, body });
      expect(missing).toMatchObject({ status: 401, code: 'token_missing', body: { action: 'refresh' } });
      expect(missing.headers.get('www-authenticate')).toBe('Bearer realm="portcullis"');
      const out = await ask(bearer(ended), { method, body });
      expect(out).toMatchObject({ status: 401, code: 'session_ended', body: { action: 'sign_in' } });
      expect(out.headers.get('www-authenticate')).toContain('error="invalid_token"');
      expect(await ask(bearer(suspended), { method, body })).toMatchObject({ status: 403, code: 'account_suspended' });
    }
    expect(orders.seen).toEqual([]);
  });

  test('what a client says under the names of these headers is not believed', async () => {
    const device = await Device.register(service);
    const smuggled = {
      'x-portcullis-user': 'mallory',
      'X-PORTCULLIS-ROLES': 'admin',
      'x-portcullis-session': 'x',
      'x-portcullis-application': 'shop',
      x_portcullis_user: 'mallory',
      x_portcullis_roles: 'admin',
    };
    expect((await ask({ ...bearer(device), ...smuggled })).status).toBe(200);
    expect(told(orders.seen[0]!)).toEqual([device.userId, device.sessionId, 'account', undefined]);
    expect(JSON.stringify(orders.seen)).not.toMatch(/mallory|admin/);
    expect((await ask(smuggled)).code).toBe('token_missing');
  });

  test('by cookie: a change needs the CSRF token of its session, whatever the client says its method is', async () => {
    const { browser, userId } = await registerByCookie(service);
    const cookie = cookieHeader(browser.cookies);
    expect((await ask({ cookie })).status).toBe(200);
    const posts = { method: 'POST', body: { amount: 3 } };
    for (const headers of [{}, { 'x-original-method': 'GET' }, { 'X-Original-Method': 'HEAD' }] as Record<
      string,
      string
    >[]) {
      expect(await ask({ cookie, ...headers }, posts)).toMatchObject({ status: 403, code: 'cross_site_refused' });
    }
    expect((await ask({ cookie, ...csrf(browser).headers }, posts)).status).toBe(200);
    expect(orders.seen.map((one) => [one.method, told(one)[0], one.headers.cookie])).toEqual([
      ['GET', userId, undefined],
      ['POST', userId, undefined],
    ]);
  });

  test('two sessions in one request: 400, and not passed', async () => {
    const { browser } = await registerByCookie(service);
    const answer = await ask({ ...bearer(await Device.register(service)), cookie: cookieHeader(browser.cookies) });
    expect(answer).toMatchObject({ status: 400, code: 'credentials_ambiguous' });
    expect(orders.seen).toEqual([]);
  });

  test('the service is gone: 503 with Retry-After, and not passed', async () => {
    const device = await Device.register(service);
    way.cut();
    const answer = await ask(bearer(device));
    way.heal();
    expect(answer).toMatchObject({ status: 503, code: 'unavailable', body: { action: 'retry' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(orders.seen).toEqual([]);
  });

  test('a refusal stays one, though it would pass by the time that its body is asked for', async () => {
    for (const refusal of [401, 403]) {
      let asked = 0;
      const server = createServer((_, response) => response.writeHead(asked++ === 0 ? refusal : 204).end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const other = await start({ portcullis: `http://127.0.0.1:${port}`, orders: orders.url });
      asked = 0;
      const { status } = await fetch(`${other.url}/orders/1`, { method: 'POST' });
      expect([status, asked, orders.seen]).toEqual([refusal, 2, []]);
      await other.stop();
      server.close().closeAllConnections();
    }
  });

  test('what it asks with is not open to clients, and the rest is the service itself', async () => {
    expect((await fetch(`${front.url}/_check`)).status).toBe(404);
    expect((await send(front, '/v1/sessions/current')).code).toBe('token_missing');
    const device = await Device.register(service);
    expect((await send(front, '/v1/users/me', { token: device.accessToken })).body.id).toBe(device.userId);
  });
});
