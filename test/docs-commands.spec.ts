import { HelloModule } from '../examples/hello/hello.module.js';
import { codeBlocks, listPages, readPage, sectionOf } from './docs-pages.js';
import { commandsOf, expectAsPrinted } from './docs-shell.js';
import { Device, FROM_OWN_PAGE, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ extras: { imports: [HelloModule] } });
});
afterAll(() => service.stop());

test('the commands of the README print what it says', async () => {
  const section = sectionOf(readPage('README.md'), '## Five minutes to a first protected route');
  expect(await expectAsPrinted(commandsOf(section, service.url))).toBeGreaterThan(8);
});

test('the client printed in the front-end guide refreshes once when it has to, and gets its answer', async () => {
  const browser = new Browser(service.url);
  const { api } = guideClient(browser);
  const password = 'analytical engine 1843';
  expect((await api('POST', '/v1/auth/register', { email: 'guide@example.com', password })).status).toBe(201);
  await service.advance(11 * 60);
  const late = browser.delay('/v1/sessions');
  const asking = api('GET', '/v1/sessions');
  const answers = await Promise.all(Array.from({ length: 5 }, () => api('GET', '/v1/users/me')));
  late.arrives();
  expect([...answers, await asking].map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(browser.asked.filter((path) => path === '/v1/auth/refresh')).toHaveLength(1);
  expect((await api('POST', '/v1/auth/logout', {})).status).toBe(204);
  expect((await api('GET', '/v1/users/me')).answer).toMatchObject({ action: 'sign_in' });
});

test('a tab left over from an earlier sign-in is told, and does not become somebody else', async () => {
  const [ada, eve] = [await Device.register(service), await Device.register(service)];
  const browser = new Browser(service.url);
  const [tab, otherTab] = [guideClient(browser), guideClient(browser)];
  await tab.api('POST', '/v1/auth/login', { email: ada.email, password: ada.password });
  await tab.api('POST', '/v1/auth/logout', {});
  await otherTab.api('POST', '/v1/auth/login', { email: eve.email, password: eve.password });
  await service.advance(11 * 60);
  expect(await tab.api('GET', '/v1/users/me')).toMatchObject({
    status: 400,
    answer: { code: 'credentials_ambiguous' },
  });
  expect((await otherTab.api('GET', '/v1/users/me')).answer).toMatchObject({ id: eve.userId });
});

test('every route that a page names is one the service answers', async () => {
  const { paths } = (await send(service, '/openapi.json')).body as { paths: Record<string, object> };
  const known = new Set(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    ),
  );
  const named = listPages().flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:GET|POST|PUT|PATCH|DELETE) \/(?:v1|health)[\w/{}.-]*)/g)].map(([, route]) => ({
      path,
      route: route!,
    })),
  );
  expect(named.length).toBeGreaterThan(20);
  // Those of the example.
  const elsewhere = (route: string) => / \/v1\/notes/.test(route);
  expect(named.filter(({ route }) => !elsewhere(route) && !known.has(route))).toEqual([]);
});

test('with the signing keys deleted, an instance that starts makes new ones and clients refresh silently', async () => {
  const device = await Device.register(service);
  await service.db.query('delete from signing_keys');
  const restarted = await startService({ besides: service });
  expect(await device.access(restarted)).toBe('token_invalid');
  expect((await device.refresh(device.refreshToken, restarted)).status).toBe(200);
  expect(await device.access(restarted)).toBeNull();
  await restarted.stop();
});

/** What a page of the service does with `fetch`: its origin, and its cookies. */
class Browser {
  readonly asked: string[] = [];
  private readonly cookies = new Map<string, string>();
  private readonly delayed = new Map<string, Promise<void>>();

  constructor(private readonly address: string) {}

  /** The first answer of this path arrives when the caller says so. */
  delay(path: string): { arrives: () => void } {
    let arrives!: () => void;
    this.delayed.set(path, new Promise((resolve) => (arrives = resolve)));
    return { arrives };
  }

  readonly fetch = async (path: string, init: { headers: Record<string, string> }): Promise<Response> => {
    this.asked.push(path);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...init.headers, ...FROM_OWN_PAGE, ...(cookie && { cookie }) };
    const response = await fetch(this.address + path, { ...init, headers });
    await this.delayed.get(path);
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return response;
  };
}

type Api = (method: string, path: string, body?: object) => Promise<{ status: number; answer: unknown }>;

function guideClient(browser: Browser): { api: Api } {
  const block = codeBlocks(readPage('docs/front-end.md').text).find(({ language }) => language === 'js');
  return new Function('fetch', `${block!.code}; return { api };`)(browser.fetch) as { api: Api };
}
