import { patternOf, stepsOf } from './docs-operate.js';
import { codeBlocks, readPage, sectionOf, tableRows } from './docs-pages.js';
import { administrationOf } from './support/applications.js';
import { operate } from './support/operate.js';
import { startService, type Service } from './support/service.js';

const page = readPage('docs/administration.md');
let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const section = sectionOf(page, '## Applications');
/** Its first table ends where the one of the commands begins. */
const [settingsPart = '', commandsPart = ''] = section.split('| at a terminal ');

test('it has every command about applications, and no other', async () => {
  const { err } = await operate(service, 'application');
  const known = /application (list.*?)\. See/.exec(err)![1]!.split(', ');
  const told = tableRows(`| at a terminal ${commandsPart}`).map(([command]) => command);
  expect(told).toEqual(known.map((name) => `\`application ${name}\``));
});

test('the commands about applications print what the page of administration says', async () => {
  const steps = codeBlocks(section)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => stepsOf(code));
  expect(steps).toHaveLength(4);
  for (const { command, expected } of steps) {
    const { code, out, err } = await operate(service, command.replace('npm run -s cli -- ', ''));
    expect({ command, code, err }).toEqual({ command, code: 0, err: '' });
    expect(out).toMatch(patternOf(expected));
  }
});

test('its table has all that an application can be given, and nothing else', async () => {
  const {
    builtIn: _,
    enabled: _1,
    secrets: _2,
    createdAt: _3,
    ...settings
  } = await administrationOf(service).get('account');
  const told = tableRows(settingsPart).flatMap(([first = '']) =>
    [...first.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(told.toSorted()).toEqual(Object.keys(settings).toSorted());
});
