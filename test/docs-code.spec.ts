import { codeBlocks, projectFile, readPage, type CodeBlock } from './docs-pages.js';

const pages = ['README.md', 'docs/extending.md'];
const blocks = pages.flatMap((path) => codeBlocks(readPage(path).text)).filter(({ language }) => language === 'ts');

test('all TypeScript of the README and of the guide is quoted from files that are compiled and run', () => {
  expect(blocks.length).toBeGreaterThan(10);
  expect(blocks.filter(({ source }) => source === undefined)).toEqual([]);
});

test.each(blocks.map((block) => [block.source!, block] as const))('%s is printed as it is', (source, { code }) => {
  expect(code).toBe(asPrinted(source));
});

test('the guide prints every file of its example', () => {
  const printed = new Set(blocks.map(({ source }: CodeBlock) => source));
  for (const name of projectFile('examples/notes/notes.module.ts').matchAll(/from '\.\/([\w.-]+)\.js'/g)) {
    expect(printed).toContain(`examples/notes/${name[1]}.ts`);
  }
});

/** Examples stand outside `src`, and are printed as they look inside of it. */
function asPrinted(source: string): string {
  const [path = '', region] = source.split('#');
  const text = projectFile(path).replaceAll("'../../src/", "'../");
  return region === undefined ? withoutMarks(text) : outdented(regionOf(text, region));
}

function withoutMarks(text: string): string {
  return text.replaceAll(/^ *\/\/ #(?:region .*|endregion)\n/gm, '');
}

function regionOf(text: string, name: string): string {
  const [, region] = new RegExp(`^ *// #region ${name}\n([\\s\\S]*?)^ *// #endregion$`, 'm').exec(text) ?? [];
  if (region === undefined) throw new Error(`There is no region "${name}".`);
  return region;
}

function outdented(text: string): string {
  const depth = /^ */.exec(text)![0].length;
  return text.replaceAll(new RegExp(`^ {${depth}}`, 'gm'), '');
}
