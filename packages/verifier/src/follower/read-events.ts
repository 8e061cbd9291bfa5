import { FeedError } from './feed-error.js';
import { readEvent, type FeedEvent } from './feed-messages.js';

/** More than the largest event has. */
const MAX_EVENT = 4 * 1024 * 1024;

/** Server-sent events (HTML Standard §9.2.6) out of the lines of a stream. Throws a FeedError for one that is wrong. */
export async function* readEvents(lines: AsyncIterable<string>): AsyncGenerator<FeedEvent> {
  let [type, data] = ['', ''];
  let id: string | null = null;
  for await (const line of lines) {
    if (line === '') {
      const event: FeedEvent | null = data === '' ? null : readEvent(type, id, data);
      [type, data, id] = ['', '', null];
      if (event) yield event;
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') type = value;
    else if (field === 'id') id = value;
    else if (field === 'data') data += data === '' ? value : `\n${value}`;
    if (data.length > MAX_EVENT) throw new FeedError('feed_invalid', 'an event without an end');
  }
}
