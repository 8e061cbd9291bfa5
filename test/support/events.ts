import type { Service } from './service.js';

export interface SessionEvent {
  type: string;
  data: unknown;
}

/** An open event stream of a session, read as it comes; comments are passed over. */
export interface EventStream {
  /** The next event; null when the stream has ended. */
  next(): Promise<SessionEvent | null>;
  /** The next event of this type; what comes before is passed over. Throws when the stream ends first. */
  until(type: string): Promise<SessionEvent>;
  close(): Promise<void>;
}

export async function openEvents(
  service: Service,
  accessToken: string,
  path = '/v1/sessions/current/events',
  headers: Record<string, string> = { authorization: `Bearer ${accessToken}` },
): Promise<EventStream> {
  const response = await fetch(service.url + path, { headers });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const events = read(reader);
  const next = async () => (await events.next()).value ?? null;
  return {
    next,
    until: async (type) => {
      for (let event = await next(); event; event = await next()) if (event.type === type) return event;
      throw new Error(`the stream ended before "${type}"`);
    },
    close: () => reader.cancel(),
  };
}

async function* read(reader: ReadableStreamDefaultReader<string>): AsyncGenerator<SessionEvent, undefined> {
  let buffer = '';
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    buffer += chunk.value;
    const blocks = buffer.split('\n\n');
    buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const type = field('event');
      if (type !== undefined) yield { type, data: JSON.parse(field('data') ?? 'null') };
    }
  }
  return undefined;
}
