import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { codeBlocks } from './docs-pages.js';

const CURL = fileURLToPath(new URL('docs-curl.mjs', import.meta.url));

/** The shell commands of a section, with the address of a running service for the one printed. */
export function commandsOf(section: string, url: string): string {
  return codeBlocks(section)
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code)
    .join('\n')
    .replace('http://localhost:3000', url);
}

/** Runs them and compares what they print with the comments among them. How many lines that were. */
export async function expectAsPrinted(commands: string): Promise<number> {
  const expected = [...commands.matchAll(/^# (.*)$/gm)].map(([, line]) => line!);
  const printed = await runShell(commands);
  expect(printed).toHaveLength(expected.length);
  for (const [place, line] of expected.entries()) expect(printed[place]).toMatch(patternOf(line));
  return expected.length;
}

/** Standard output, line by line. */
async function runShell(commands: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-docs-'));
  try {
    await writeFile(join(folder, 'curl'), `#!/bin/sh\nexec "${process.execPath}" "${CURL}" "$@"\n`);
    await chmod(join(folder, 'curl'), 0o755);
    const PATH = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
    // The reader's terminal shows each answer on a line of its own.
    const script = `set -e\n${commands.replaceAll(/^(curl (?!.* -o )(?:.*\\\n)*.*)$/gm, '$1\necho')}`;
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: folder, env: { PATH } });
    return stdout.trim().split('\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A printed answer, in which `…` stands for whatever there is. */
function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}
