import type { RevocationEntry, RevocationKind } from '../revocation-entry.js';
import { FeedError } from './feed-error.js';

/** A place in the service's log. */
export interface Cursor {
  epoch: string;
  seq: number;
}

/** An event of the stream, read and checked. */
export interface FeedEvent {
  /** The place that it leads to; null while what was missed is made up for. */
  cursor: Cursor | null;
  /** The seq that it goes on from: who is behind it has missed something. */
  after: number;
  entries: RevocationEntry[];
  heartbeat: Heartbeat | null;
}

export interface Heartbeat {
  /** Milliseconds since the stream began. */
  elapsed: number;
  /** Milliseconds since the service's knowledge was confirmed. */
  staleness: number;
}

const KINDS: ReadonlySet<unknown> = new Set<RevocationKind>(['token', 'session', 'user', 'application', 'key']);

export function formatCursor({ epoch, seq }: Cursor): string {
  return `${epoch}:${seq}`;
}

/** An item of the list or of an event. Throws a FeedError for what is none: what it meant would be let through. */
export function readEntry(item: unknown): RevocationEntry {
  const { seq, kind, subject, minVersion = 0, suspended = false, exp = Infinity } = asObject(item);
  const sound =
    isCount(seq) &&
    KINDS.has(kind) &&
    typeof subject === 'string' &&
    isCount(minVersion) &&
    typeof suspended === 'boolean' &&
    typeof exp === 'number' &&
    exp >= 0;
  if (!sound) throw new FeedError('feed_invalid', 'an item that is none');
  return { seq, kind: kind as RevocationKind, subject, minVersion, suspended, expiresAt: exp };
}

/** The event of this type, id and data; null for types that this version does not know. Throws a FeedError. */
export function readEvent(type: string, id: string | null, data: string): FeedEvent | null {
  const body = asObject(parseJson(data));
  const cursor = id === null ? null : readCursor(id);
  const after = cursor === null ? 0 : readNumber(body['after']);
  if (type === 'revocations') {
    if (!Array.isArray(body['items'])) throw new FeedError('feed_invalid', 'an event without items');
    return { cursor, after, entries: body['items'].map(readEntry), heartbeat: null };
  }
  if (type !== 'heartbeat') return null;
  if (cursor === null) throw new FeedError('feed_invalid', 'a heartbeat without an id');
  const heartbeat = { elapsed: readDuration(body['elapsed']), staleness: readDuration(body['staleness']) };
  return { cursor, after, entries: [], heartbeat };
}

export function readCursor(text: string): Cursor {
  const [, epoch, seq] = /^([\w-]{1,64}):(\d{1,16})$/.exec(text) ?? [];
  if (epoch === undefined || !isCount(Number(seq))) throw new FeedError('feed_invalid', 'an id that is no place');
  return { epoch, seq: Number(seq) };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FeedError('feed_invalid', 'not JSON', { cause });
  }
}

export function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new FeedError('feed_invalid', 'not an object');
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readNumber(value: unknown): number {
  // −1 for who begins with nothing.
  if (!Number.isSafeInteger(value)) throw new FeedError('feed_invalid', 'not a whole number');
  return value as number;
}

function readDuration(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new FeedError('feed_invalid', 'not a duration');
  return value;
}
