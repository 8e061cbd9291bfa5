import { codeBlocks, listFiles, projectFile, readPage, type CodeBlock } from './docs-pages.js';

const pages = ['README.md', 'docs/extending.md'];
const blocks = pages.flatMap((path) => codeBlocks(readPage(path).text)).filter(({ language }) => language === 'ts');

test('all TypeScript of the README and of the guide is quoted from files that are compiled and run', () => {
  expect(blocks.length).toBeGreaterThan(10);
  expect(blocks.filter(({ source }) => source === undefined)).toEqual([]);
});

test.each(blocks.map((block) => [block.source!, block] as const))('%s is printed as it is', (source, { code }) => {
  expect(code).toBe(asPrinted(source));
});

test.each(['hello', 'notes', 'presence'])(
  'every file of the example "%s" is printed: none is missing when they are typed off',
  (name) => {
    const printed = blocks.map(({ source }: CodeBlock) => source);
    const files = listFiles(`examples/${name}`, '.ts');
    expect(files.length).toBeGreaterThan(1);
    expect(printed).toEqual(expect.arrayContaining(files));
  },
);

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
