import { Controller, Module, Sse, type MessageEvent } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { interval, map, type Observable } from 'rxjs';
import { AnyApplication, CurrentPrincipal } from '../src/common/access.js';
import type { Principal } from '../src/common/principal.js';
import { addApplication, administrationOf, registerAt } from './support/applications.js';
import { Browser } from './support/browser.js';
import { cookieHeader } from './support/cookie-mode.js';
import { newEmail, PASSWORD } from './support/device.js';
import { openEvents } from './support/events.js';
import { openSocket, refusedSocket } from './support/live-socket.js';
import { ACT } from './support/operator.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

const SHOP_ORIGIN = 'https://shop.example.test';

@AnyApplication()
@Controller('ticks')
class TicksController {
  @Sse()
  ticks(): Observable<MessageEvent> {
    return interval(20).pipe(map((data) => ({ type: 'tick', data: { data } })));
  }
}

@AnyApplication()
@WebSocketGateway({ path: '/live/anyone' })
class AnyoneGateway {
  @SubscribeMessage('who')
  who(@CurrentPrincipal() { sessionId }: Principal) {
    return { event: 'you', data: sessionId };
  }
}

@Module({ controllers: [TicksController], providers: [AnyoneGateway] })
class AnyoneModule {}

let service: Service;
let shop: string;
/** Signed in to the account and to the shop in full cookie mode. */
let browser: Browser;
let sessionId: string;

beforeAll(async () => {
  service = await startService({ extras: { imports: [AnyoneModule] } });
});
afterAll(() => service.stop());
beforeEach(async () => {
  shop = await addApplication(service, { origins: [SHOP_ORIGIN] });
  browser = new Browser(service, {});
  const credentials = { email: newEmail(), password: PASSWORD, accessCookie: true };
  const page = (origin: string) => ({ headers: { origin, 'sec-fetch-site': 'same-site' } });
  expect((await browser.post('/v1/auth/register', credentials, page(PUBLIC_URL))).status).toBe(201);
  const answer = await browser.post('/v1/auth/login', { ...credentials, applicationId: shop }, page(SHOP_ORIGIN));
  sessionId = answer.body.session.id;
});

const cookies = () => ({ cookie: cookieHeader(browser.cookies) });

/** A stream by cookie, as EventSource opens it. */
const openByCookie = (path: string) => openEvents(service, '', path, cookies());

test.each([
  ['of the session itself', '/v1/sessions/current/events', 'ready', 'ended'],
  ['of a module', '/ticks', 'tick', 'closed'],
])(
  'a stream %s is held by the cookie of the application that it names, and closes with that',
  async (_, path, first, last) => {
    const [mine, account] = [await openByCookie(`${path}?application=${shop}`), await openByCookie(path)];
    await Promise.all([mine.until(first), account.until(first)]);
    await administrationOf(service).disable(shop, ACT);
    expect(await mine.until(last)).toMatchObject({ data: { code: 'application_disabled' } });
    await browser.post('/v1/auth/logout', {}, { headers: { origin: PUBLIC_URL } });
    expect(await account.until(last)).toMatchObject({ data: { code: 'session_ended' } });
  },
);

test('a socket is held by the cookie of the application that it names, from a page of that application', async () => {
  const path = `/live/anyone?application=${shop}`;
  const socket = await openSocket(service, path, { headers: { ...cookies(), origin: SHOP_ORIGIN } });
  expect(await socket.ask('who')).toEqual({ event: 'you', data: sessionId });
  for (const origin of [PUBLIC_URL, 'https://evil.test', 'null'])
    expect((await refusedSocket(service, path, { headers: { ...cookies(), origin } })).code).toBe('cross_site_refused');
  const nobody = await refusedSocket(service, '/live/anyone?application=nobody', { headers: cookies() });
  expect(nobody.code).toBe('token_missing');
  await administrationOf(service).disable(shop, ACT);
  expect(await socket.end()).toBe('4403 application_disabled');
});

test('a socket by a token that a page shows: from a page of the application of that token, and of no other', async () => {
  const { accessToken } = await registerAt(service, shop);
  const open = (origin: string) =>
    refusedSocket(service, '/live/anyone', { protocols: ['shop', `bearer.${accessToken}`], headers: { origin } });
  expect((await open(PUBLIC_URL)).code).toBe('cross_site_refused');
  expect((await open('https://evil.test')).code).toBe('cross_site_refused');
  expect((await open(SHOP_ORIGIN)).status).toBe(101);
});
