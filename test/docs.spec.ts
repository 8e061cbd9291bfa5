import { dirname, join } from 'node:path';
import { errorCatalogue } from '../src/common/errors/error-catalogue.js';
import { describeVariables } from '../src/config.js';
import {
  codeBlocks,
  inProject,
  listFiles,
  listPages,
  projectFile,
  readPage,
  sectionOf,
  tableRows,
  type Page,
} from './docs-pages.js';

const readme = readPage('README.md');
const contributing = readPage('CONTRIBUTING.md');
/** Where CONTRIBUTING.md has the variables of the tests. */
const FOR_TESTS = '## What tests read from the environment';

/** What a table says of each variable. */
const variableRows = describeVariables().map(({ name, fallback, meaning, secret }) => [
  `\`${name}\`${secret ? ' _secret_' : ''}`,
  fallback,
  meaning,
]);
const requiredRows = variableRows.filter(([, fallback = '']) => fallback.endsWith('; required in production'));

test('the page on the configuration has every variable once and as the schema has it, and no other', () => {
  const page = readPage('docs/configuration.md');
  const headings = [...page.text.matchAll(/^## .+$/gm)].map(([heading]) => heading);
  const told = headings.flatMap((heading) => tableRows(sectionOf(page, heading)));
  expect(told.toSorted()).toEqual(variableRows.toSorted());
  expect(tableRows(sectionOf(page, '## Required in production'))).toEqual(requiredRows);
});

test('the short table of the README has those that production requires, and ten more as the schema has them', () => {
  const told = tableRows(sectionOf(readme, '## Configuration'));
  expect(told.slice(0, requiredRows.length)).toEqual(requiredRows);
  const more = told.slice(requiredRows.length);
  expect(new Set(more.map(([name]) => name)).size).toBe(10);
  expect(variableRows).toEqual(expect.arrayContaining(more));
});

test('the table of CONTRIBUTING.md has every script of the project, and no other; the README has some of them', () => {
  const { scripts } = JSON.parse(projectFile('package.json')) as { scripts: Record<string, string> };
  const told = (page: Page) =>
    tableRows(sectionOf(page, '## Scripts')).map(([command = '']) => /^`npm (?:run )?([\w:-]+)/.exec(command)?.[1]);
  expect(told(contributing).toSorted()).toEqual(Object.keys(scripts).toSorted());
  expect(told(contributing)).toEqual(expect.arrayContaining(told(readme)));
});

test('the lines of src/app.module.ts that the README shows beside the new ones stand there in this order', () => {
  const lines = codeBlocks(readme.text).find(({ language }) => language === 'diff');
  const shown = lines!.code.split('\n').flatMap((line) => /^ (.+)$/.exec(line)?.[1] ?? []);
  const source = projectFile('src/app.module.ts').split('\n');
  expect(shown).toHaveLength(2);
  expect(source.filter((line) => shown.includes(line))).toEqual(shown);
});

test('the table of CONTRIBUTING.md has every variable that tests read, but for those that they set themselves', () => {
  const sources = listFiles('test', '.ts').map(projectFile).join('\n');
  const inSources = (pattern: RegExp) => [...sources.matchAll(pattern)].map(([, name]) => name!);
  const own = new Set(['PATH', ...inSources(/process\.env\.(\w+) = /g)]);
  const read = new Set([
    ...inSources(/process\.env(?:\.|\[')([A-Z_]+)\b/g),
    ...inSources(/\{ ([A-Z_]+) \} = process\.env/g),
  ]);
  const told = tableRows(sectionOf(contributing, FOR_TESTS)).map(([name = '']) => name.replaceAll('`', ''));
  expect(told.toSorted()).toEqual([...read].filter((name) => !own.has(name)).toSorted());
});

test('every question is answered, in its order', () => {
  const { text } = readPage('docs/questions.md');
  const numbers = [...text.matchAll(/^## (\d+)\. .+\?$/gm)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 26 }, (_, index) => index + 1));
});

test('every answer names a test that exists, or says that there is nothing to test', () => {
  const answers = readPage('docs/questions.md').text.split(/^## /m).slice(1);
  for (const answer of answers) {
    const named = [...answer.matchAll(/^- `(\S+\.spec\.ts)`: (.+)$/gm)];
    if (named.length === 0) expect(answer).toMatch(/not yet[\s\S]*No test: there is nothing to test\./i);
    for (const [, file = '', title = ''] of named) expect(findTest(file, title)).toBe(`${file}: ${title}`);
  }
});

test('every link between pages leads somewhere, to a heading if it names one', () => {
  const broken = listPages().flatMap((page) =>
    linksOf(page)
      .filter((link) => !leadsSomewhere(page, link))
      .map((link) => `${page.path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('every error that a page tells by status and code is one of the catalogue, with that status', () => {
  const told = listPages().flatMap(({ path, text }) =>
    [...text.matchAll(/\b([45]\d\d) `([a-z_]+)`/g)].map(([, status, code]) => ({
      path,
      status: Number(status),
      code: code!,
    })),
  );
  expect(told.length).toBeGreaterThan(5);
  for (const { path, status, code } of told) {
    const entry = (errorCatalogue as Record<string, { status: number }>)[code];
    expect({ path, code, status: entry?.status }).toEqual({ path, code, status });
  }
});

test('the page on extending has every decorator of routes, and no other', () => {
  const source = projectFile('src/common/access.ts');
  const decorators = [...source.matchAll(/^export const ([A-Z][a-z]\w*) = /gm)].map(([, name]) => name);
  const told = tableRows(sectionOf(readPage('docs/extending.md'), '## Routes')).flatMap(
    ([first = '']) => /^`@(\w+)\(/.exec(first)?.[1] ?? [],
  );
  expect([...told, 'CurrentPrincipal'].toSorted()).toEqual(decorators.toSorted());
});

test('every setting that a page names is a variable of the service', () => {
  const known = new Set([
    ...describeVariables().flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])),
    // Of Node, of the tests, and a constant of the code.
    'NODE_ENV',
    ...tableRows(sectionOf(contributing, FOR_TESTS)).map(([name = '']) => name.replaceAll('`', '')),
    'LONGEST_TOKEN_LIFE',
  ]);
  const named = listPages().flatMap(({ path, text }) =>
    [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)[`=]/g)].map(([, name]) => `${path}: ${name}`),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !known.has(name.split(': ')[1]!))).toEqual([]);
});

test('every file of the source that a page names exists', () => {
  const named = listPages().flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|test|packages|examples)\/[\w./-]+\.ts)`/g)].map(([, file]) => ({ path, file: file! })),
  );
  // Where the reader's own modules go.
  const own = /^src\/(?:notes|hello|presence)\//;
  expect(named.filter(({ file }) => !own.test(file) && !inProject(file))).toEqual([]);
});

function findTest(file: string, title: string): string {
  if (!inProject(file)) return `${file} does not exist`;
  const quoted = ["'", '"', '`'].map((quote) => `${quote}${title.replaceAll(quote, `\\${quote}`)}${quote}`);
  const found = quoted.some((text) => projectFile(file).includes(text));
  return found ? `${file}: ${title}` : `${file} has no test "${title}"`;
}

function linksOf({ text }: Page): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) => !/^https?:/.test(link));
}

function leadsSomewhere(page: Page, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.path : join(dirname(page.path), path);
  if (!inProject(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(path: string): string[] {
  return [...projectFile(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
