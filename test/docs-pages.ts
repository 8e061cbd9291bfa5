import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** A page of the documentation. `path`: from the root of the project. */
export interface Page {
  path: string;
  text: string;
}

export interface CodeBlock {
  language: string;
  code: string;
  /** The file, or `file#region`, that the comment above the block names. */
  source: string | undefined;
}

export function projectFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function inProject(path: string): boolean {
  return existsSync(join(ROOT, path));
}

export function readPage(path: string): Page {
  return { path, text: projectFile(path) };
}

/** Every page that is written for people. */
export function listPages(): Page[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`);
  return [...readdirSync(ROOT), ...inDocs].filter((path) => path.endsWith('.md')).map(readPage);
}

/** The files of a folder and of those within, whose name ends so; paths from the root of the project. */
export function listFiles(folder: string, ending: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

/** Its text from one heading to the next of the same depth or higher. Throws when there is none. */
export function sectionOf({ path, text }: Page, heading: string): string {
  // A line of code may begin with # too.
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, (code) => ' '.repeat(code.length));
  const start = prose.indexOf(`\n${heading}\n`) + 1;
  if (start === 0) throw new Error(`${path} has no heading "${heading}".`);
  const next = new RegExp(`^#{1,${heading.indexOf(' ')}} `, 'm').exec(prose.slice(start + heading.length));
  return text.slice(start, next ? start + heading.length + next.index : undefined);
}

export function codeBlocks(text: string): CodeBlock[] {
  const blocks = text.matchAll(/(?:<!-- (\S+) -->\s*)?^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, source, language = '', code = '']) => ({ language, code, source }));
}

/** The cells of every row of the first table in a text, without its head. */
export function tableRows(text: string): string[][] {
  const [, ...rows] = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  return rows.filter(([first = '']) => !/^-+$/.test(first));
}
