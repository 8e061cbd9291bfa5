import { readPage, sectionOf, tableRows } from './docs-pages.js';
import { commandsOf, expectAsPrinted } from './docs-shell.js';
import { Device, PASSWORD, send } from './support/device.js';
import { accountsOf, ACT } from './support/operator.js';
import { startService, type Service } from './support/service.js';

const page = readPage('docs/administration.md');
let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** Some thirty processes of Node, one after the other, on machines that may be busy. */
const THIRTY_PROCESSES_MS = 90_000;

test(
  'the incidents of the page go as it says, command by command',
  async () => {
    await accountsOf(service).create({ email: 'ada@example.com', password: PASSWORD, roles: ['admin'] }, ACT);
    const [eve, bob] = await Promise.all(
      ['eve@example.com', 'bob@example.com'].map(async (email) => {
        const { id } = await accountsOf(service).create({ email, password: PASSWORD }, ACT);
        const device = new Device(service, email);
        await device.login({ deviceName: 'Laptop' });
        expect(device.userId).toBe(id);
        return device;
      }),
    );
    expect(await expectAsPrinted(commandsOf(sectionOf(page, '## Incidents'), service.url))).toBeGreaterThan(8);
    for (const device of [eve!, bob!]) expect((await device.refresh()).code).toBe('session_ended');
  },
  THIRTY_PROCESSES_MS,
);

test('its table has every route of administrators, and no other', async () => {
  const { paths } = (await send(service, '/openapi.json')).body as { paths: Record<string, object> };
  const known = Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/admin/'))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `\`${method.toUpperCase()} ${path}\``));
  const told = tableRows(sectionOf(page, '## What there is')).map(([route]) => route);
  expect(told.toSorted()).toEqual(known.toSorted());
});

test('the API reference shows them together, with the role and the recent proof they want', async () => {
  const html = await (await fetch(`${service.url}/docs`)).text();
  const section = html.split('<h2>Administration</h2>').at(-1)!.split('</section>')[0]!;
  expect(section.match(/role admin/g)!.length).toBeGreaterThanOrEqual(10);
  expect(section).toContain('signed in within 60 minutes');
  for (const text of ['Signs somebody out everywhere.', '&#34;everyone&#34;', 'Its jti.', 'conflict']) {
    expect(section).toContain(text);
  }
});

test('what the README says of this page leads to it', () => {
  expect(readPage('README.md').text).toContain('(docs/administration.md)');
});
