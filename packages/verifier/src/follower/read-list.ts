import type { RevocationEntry } from '../revocation-entry.js';
import { FeedError } from './feed-error.js';
import { asObject, isCount, parseJson, readEntry, type Cursor } from './feed-messages.js';

const START = '"items":[';
const END = ']}';

/**
 * Reads the whole list as it arrives, each item being on a line of its own: a million entries never stand in memory as
 * text. Hands every entry to `apply`, and returns the place from which to follow. Throws a FeedError for anything else,
 * and for a list that breaks off.
 */
export async function readList(lines: AsyncIterable<string>, apply: (entry: RevocationEntry) => void): Promise<Cursor> {
  let cursor: Cursor | null = null;
  let ended = false;
  for await (const line of lines) {
    if (line === '') continue;
    if (ended) throw new FeedError('feed_invalid', 'more after the end of the list');
    if (cursor === null) cursor = readStart(line);
    else if (line === END) ended = true;
    else apply(readEntry(parseJson(line.endsWith(',') ? line.slice(0, -1) : line)));
  }
  if (cursor === null || !ended) throw new FeedError('feed_invalid', 'a list that breaks off');
  return cursor;
}

function readStart(line: string): Cursor {
  if (!line.endsWith(START)) throw new FeedError('feed_invalid', 'not a list of revocations');
  const { epoch, head } = asObject(parseJson(line + END));
  if (typeof epoch !== 'string' || !isCount(head)) throw new FeedError('feed_invalid', 'a list without a place');
  return { epoch, seq: head };
}
