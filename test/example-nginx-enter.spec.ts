import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Browser } from './support/browser.js';
import { cookieHeader } from './support/cookie-mode.js';
import { newEmail, PASSWORD, send } from './support/device.js';
import { EnterTab, navigate } from './support/enter-tab.js';
import { fronts, type Front } from './support/nginx.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
let orders: Server;

beforeAll(async () => {
  service = await startService();
  orders = createServer((_, response) => response.end('[]'));
  await new Promise<void>((resolve) => orders.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  orders.close().closeAllConnections();
  await service.stop();
});

describe.each(fronts)('examples/nginx/nginx.conf, run by %s', (_, start) => {
  let front: Front;

  beforeAll(async () => {
    const { port } = orders.address() as AddressInfo;
    front = await start({ portcullis: service.url, orders: `http://127.0.0.1:${port}` });
  }, 60_000);
  afterAll(() => front.stop());

  test('a person who follows a link is led to /enter, and back from there with what lets them in', async () => {
    const browser = new Browser({ ...service, url: front.url });
    const email = newEmail();
    await browser.post('/v1/auth/register', { email, password: PASSWORD });
    const cookie = cookieHeader(browser.cookies);
    expect((await send(front, '/orders/1', { headers: { cookie } })).code).toBe('token_missing');
    const led = await navigate(front, '/orders/1?all=1&of=a%2Fb', cookie);
    expect([led.status, led.location]).toEqual([302, '/enter?next=/orders/1?all=1&of=a%2Fb']);
    const tab = new EnterTab(front);
    expect(await tab.enter(led.location!, (path, body) => browser.post(path, body))).toBe('/orders/1?all=1&of=a%2Fb');
    expect((await navigate(front, '/orders/1', cookieHeader(browser.cookies))).status).toBe(200);
    // Refused all the same: not again and again.
    let refreshed = 0;
    const refresh = async () => ({ status: 200, times: (refreshed += 1) });
    expect(await tab.enter(led.location!, refresh)).toBe('/account');
    expect(refreshed).toBe(0);
    // Who is not signed in, or cannot be known now.
    const stranger = new Browser({ ...service, url: front.url });
    expect(await new EnterTab(front).enter(led.location!, (path, body) => stranger.post(path, body))).toBe('/account');
    expect(await new EnterTab(front).enter(led.location!, () => Promise.reject(new TypeError()))).toBe('/account');
  });

  test('/enter leads to paths of the application only, whatever it is called with', async () => {
    const script = await EnterTab.scriptOf(front);
    const start = new URL(PUBLIC_URL);
    const begins = fc.constantFrom(
      '',
      '/',
      '//',
      '/\\',
      '/orders/',
      '/orders//',
      '/orders/..//',
      'https://',
      'javascript:',
    );
    await fc.assert(
      fc.asyncProperty(begins, fc.oneof(fc.webUrl(), fc.string(), fc.constant('evil.test')), async (begin, rest) => {
        const { search } = new URL(`/enter?next=${begin}${rest}`, start);
        const to = await new EnterTab(front, script).enter(`/enter${search}`, () => Promise.resolve({ status: 200 }));
        expect(to).toMatch(/^\/orders\//);
        expect(new URL(to, start).origin).toBe(start.origin);
      }),
      {
        examples: [
          ['/orders', '@evil.test'],
          ['/\t/', 'evil.test'],
          ['//', '['],
        ],
      },
    );
  });

  test('the page of /enter runs nothing but its script, in no frame', async () => {
    const page = await fetch(`${front.url}/enter`);
    expect(page.headers.get('content-type')).toBe('text/html');
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'",
    );
    expect(await page.text()).toContain('<script type="module" src="/enter.js"></script>');
    expect((await fetch(`${front.url}/enter.js`)).headers.get('content-type')).toBe('text/javascript');
  });
});
