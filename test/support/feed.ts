import type { z } from 'zod';
import { ApplicationCredentials } from '../../src/applications/application-credentials.service.js';
import type { FeedAnswer, FeedItem } from '../../src/feed/feed.dto.js';
import { addApplication, applicationsOf } from './applications.js';
import { send, type Answer } from './device.js';
import type { Service } from './service.js';

/** A back end that may follow. */
export interface Backend {
  applicationId: string;
  secret: string;
  /** What its requests carry. */
  headers: { authorization: string };
}

/** A back end of the application; of a new one when none is named. */
export async function newBackend(service: Service, applicationId?: string): Promise<Backend> {
  // Another instance may have made it.
  await applicationsOf(service).load();
  const known = applicationId !== undefined && applicationsOf(service).find(applicationId) !== null;
  const id = known
    ? applicationId
    : await addApplication(service, applicationId === undefined ? {} : { id: applicationId });
  const secret = await service.app.get(ApplicationCredentials, { strict: false }).create(id);
  return { applicationId: id, secret, headers: { authorization: basic(id, secret) } };
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

export type List = z.output<typeof FeedAnswer>;
export type Item = z.output<typeof FeedItem>;

export function askFeed(service: Service, { headers }: Backend, after?: string): Promise<Answer<List>> {
  const query = after === undefined ? '' : `?after=${after}`;
  return send(service, `/v1/revocations${query}`, { headers });
}

export interface FeedEvent {
  id: string | null;
  event: string;
  data: { after?: number; head?: number; elapsed?: number; staleness?: number; items?: Item[] };
}

/** A stream of the feed, read as a browser's EventSource would: nothing of the verifier is in it. */
export interface FeedReader {
  status: number;
  code: string | null;
  headers: Headers;
  /** The next event; null when the stream has ended. */
  next(): Promise<FeedEvent | null>;
  close(): Promise<void>;
}

export async function readFeed(service: Service, { headers }: Backend, lastEventId?: string): Promise<FeedReader> {
  const response = await fetch(`${service.url}/v1/revocations/events`, {
    headers: { ...headers, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
  });
  const { status } = response;
  if (status !== 200) {
    const { code } = (await response.json()) as { code: string };
    return { status, code, headers: response.headers, next: async () => null, close: async () => undefined };
  }
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const events = parse(reader);
  return {
    status,
    code: null,
    headers: response.headers,
    next: async () => (await events.next()).value ?? null,
    close: () => reader.cancel(),
  };
}

async function* parse(reader: ReadableStreamDefaultReader<string>): AsyncGenerator<FeedEvent, undefined> {
  let buffer = '';
  const read = () => reader.read().catch(() => ({ done: true as const, value: undefined }));
  for (let chunk = await read(); !chunk.done; chunk = await read()) {
    buffer += chunk.value;
    const blocks = buffer.split('\n\n');
    buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      yield { id: field('id') ?? null, event: field('event') ?? '', data: JSON.parse(field('data') ?? 'null') };
    }
  }
  return undefined;
}
