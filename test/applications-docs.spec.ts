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

test('the commands about applications print what the page of administration says', async () => {
  const steps = codeBlocks(sectionOf(page, '## Applications'))
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
  const told = tableRows(sectionOf(page, '## Applications')).flatMap(([first = '']) =>
    [...first.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(told.toSorted()).toEqual(Object.keys(settings).toSorted());
});
