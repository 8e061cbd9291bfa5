import { FeedError } from './feed-error.js';

/** Longer than any line of the feed: an event has five hundred items of some 120 characters. */
const MAX_LINE = 1024 * 1024;

/**
 * The lines of an answer as they arrive, without their ends; never more than one chunk and one line in memory. Throws a
 * FeedError when the connection breaks, or for what is no text.
 */
export async function* readLines(response: Response): AsyncGenerator<string> {
  if (!response.body) throw new FeedError('feed_invalid', 'an answer without a body');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw new FeedError('feed_invalid', 'a line without an end');
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
  } catch (cause) {
    if (cause instanceof FeedError) throw cause;
    if ((cause as { code?: unknown } | null)?.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new FeedError('feed_invalid', 'not text', { cause });
    }
    throw new FeedError('unreachable', 'the connection broke', { cause });
  }
  if (rest !== '') yield rest;
}
