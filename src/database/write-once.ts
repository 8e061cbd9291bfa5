import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';

/**
 * Returns what a file holds, after giving it this content if nobody did before. Of several processes that do this at
 * the same time one wins, and all of them get what the winner wrote. Only the owner may read the file.
 */
export async function writeOnce(path: string, content: string): Promise<string> {
  const draft = `${path}.${randomUUID()}`;
  try {
    // A link appears at once and complete, or not at all where a file is already; writing to the path itself would
    // show the others half of it.
    await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
    await link(draft, path);
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}

/** Whether this is an error of the operating system (`ENOENT`) or of PostgreSQL (`42P04`) with this code. */
export function hasCode(cause: unknown, ...codes: string[]): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && codes.includes(String(cause.code));
}
