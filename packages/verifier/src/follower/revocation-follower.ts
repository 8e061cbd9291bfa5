import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { RevocationEntry } from '../revocation-entry.js';
import { RevocationIndex } from '../revocation-index.js';
import { FeedError } from './feed-error.js';
import { formatCursor, type Cursor, type FeedEvent } from './feed-messages.js';
import { Freshness, type Clock, type Moment } from './freshness.js';
import { readEvents } from './read-events.js';
import { readLines } from './read-lines.js';
import { readList } from './read-list.js';
import { basicAuthorization, request, type Credentials, type Fetch } from './service-request.js';

/** A stream is asked for anew after so many milliseconds, which bounds how far two clocks can drift apart. */
const STREAM_MS = 10 * 60_000;
/** Without an event for so long, of which there is one a second, a stream is given up. Milliseconds. */
const SILENCE_MS = 3_000;
/** How long the next piece of the list may take, in milliseconds. */
const LIST_SILENCE_MS = 15_000;
/** Between two attempts that fail, in milliseconds, doubling from the one to the other. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const SWEEP_MS = 60_000;
/** Heartbeats after which it shows whether a stream began late: one alone may have been held up. */
const HEARTBEATS_TO_JUDGE = 2;

export interface FollowerOptions {
  feed: URL;
  credentials: Credentials;
  /** Seconds. */
  maxStaleness: number;
  clock: Clock;
  fetch: Fetch;
  /** What was applied, after it was; null when the whole list was loaded. */
  onEntries: (entries: RevocationEntry[] | null) => void;
  /** After a heartbeat. */
  onConfirmed: () => void;
  onError: (error: unknown) => void;
}

/**
 * Keeps an index equal to what the service knows: loads the list once, follows the stream, and goes on from its place
 * whatever becomes of the connection. Nothing is forgotten: entries only leave once every token that they refuse has run
 * out, also when another log begins.
 */
export class RevocationFollower {
  /** Not to be kept: when the list is loaded anew, another one takes its place. */
  index = new RevocationIndex();
  readonly freshness: Freshness;
  cursor: Cursor | null = null;
  private readonly closing = new AbortController();
  private failures = 0;
  /** Streams in a row that began too late. */
  private lateStarts = 0;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(private readonly options: FollowerOptions) {
    this.freshness = new Freshness(options.clock, options.maxStaleness * 1000);
  }

  /** Follows until it is closed. Never rejects. */
  async run(): Promise<void> {
    this.sweeper = setInterval(() => void this.sweep(), SWEEP_MS).unref();
    while (!this.closing.signal.aborted) {
      try {
        this.cursor ??= await this.load();
        await this.follow(this.cursor);
      } catch (error) {
        if (this.closing.signal.aborted) return;
        this.fail(error);
      }
      await this.pause();
    }
  }

  close(): void {
    clearInterval(this.sweeper);
    this.closing.abort();
    this.freshness.expire();
  }

  /** The list as a new index, beside the old one, which stays in force until all of it is there. */
  private async load(): Promise<Cursor> {
    const successor = new RevocationIndex();
    const attempt = new Attempt(this.closing.signal, LIST_SILENCE_MS);
    try {
      const response = await this.ask(this.options.feed, attempt);
      const lines = attempt.watch(readLines(response));
      const cursor = await readList(lines, (entry) => successor.apply(entry));
      for (const slice of this.index.slicesAfter(-1)) {
        // As the word before what the new log says: it counts in another one.
        for (const entry of slice) successor.apply({ ...entry, seq: 0 });
        await setImmediate();
        this.closing.signal.throwIfAborted();
      }
      this.index = successor;
      this.options.onEntries(null);
      return cursor;
    } finally {
      attempt.end();
    }
  }

  private async follow(from: Cursor): Promise<void> {
    const start = this.freshness.moment();
    const attempt = new Attempt(this.closing.signal, SILENCE_MS);
    try {
      const url = new URL(`${this.options.feed.pathname}/events`, this.options.feed);
      const response = await this.ask(url, attempt, { 'last-event-id': formatCursor(from) });
      assertEvents(response);
      const lateness: number[] = [];
      for await (const event of readEvents(attempt.watch(readLines(response)))) {
        this.take(event, start);
        if (event.heartbeat) lateness.push(this.freshness.lateness(event.heartbeat, start));
        if (lateness.length === HEARTBEATS_TO_JUDGE && this.beganTooLate(Math.min(...lateness))) return;
        if (this.options.clock.monotonic() - start.monotonic > STREAM_MS) return;
      }
      if (lateness.length === 0) throw new FeedError('unreachable', 'the stream ended without a heartbeat');
    } finally {
      attempt.end();
    }
  }

  /**
   * A request that lay somewhere (in a frozen instance, in a queue) makes everything on its stream look older by as much:
   * another one is better, unless they all come late. A quarter of the limit is tolerated, and twice as much each time.
   */
  private beganTooLate(milliseconds: number): boolean {
    const tolerated = (this.options.maxStaleness * 1000) / 4;
    const late = milliseconds > tolerated * 2 ** this.lateStarts;
    if (late) this.lateStarts += 1;
    else if (milliseconds <= tolerated) this.lateStarts = 0;
    return late;
  }

  private ask(url: URL, attempt: Attempt, headers: Record<string, string> = {}): Promise<Response> {
    const authorization = basicAuthorization(this.options.credentials);
    return request(this.options.fetch, url, { headers: { authorization, ...headers }, signal: attempt.signal });
  }

  private take(event: FeedEvent, start: Moment): void {
    const { cursor, after, entries, heartbeat } = event;
    const known = this.cursor!;
    if (cursor && (cursor.epoch !== known.epoch || after > known.seq)) {
      throw new FeedError('feed_invalid', 'an event that does not go on from our place');
    }
    for (const entry of entries) this.index.apply(entry);
    if (cursor && cursor.seq > known.seq) this.cursor = cursor;
    if (entries.length > 0) this.options.onEntries(entries);
    if (!heartbeat) return;
    this.freshness.confirm(heartbeat, start);
    this.failures = 0;
    this.options.onConfirmed();
  }

  private fail(error: unknown): void {
    this.failures++;
    // By a clock that was wrong, entries were let go of that are needed once it is right.
    if (error instanceof FeedError && (error.code === 'cursor_gone' || error.code === 'clock_set')) this.cursor = null;
    this.options.onError(error);
  }

  /** Not at all after a stream that worked; else longer each time, and never the same for all who were cut off at once. */
  private async pause(): Promise<void> {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, LONGEST_PAUSE_MS);
    const milliseconds = this.failures === 0 ? Math.random() * FIRST_PAUSE_MS : longest * (0.5 + Math.random() / 2);
    await delay(milliseconds, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }

  /** Only by a clock that has run evenly since the stream began; once it is set, the list is loaded anew. */
  private async sweep(): Promise<void> {
    if (this.freshness.isFresh()) await this.index.sweep(this.options.clock.now() / 1000);
  }
}

/** One request, given up when nothing comes for too long. */
class Attempt {
  private readonly controller = new AbortController();
  private readonly onClosing = () => this.controller.abort();
  private timer: NodeJS.Timeout;

  constructor(
    private readonly closing: AbortSignal,
    silence: number,
  ) {
    closing.addEventListener('abort', this.onClosing);
    if (closing.aborted) this.controller.abort();
    this.timer = setTimeout(() => this.controller.abort(), silence);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /**
   * The same lines; each puts off the end. None after it was closed, in answer to one of them say: what was told by then
   * is not to be applied, and where the answer has ended too, Node 20 never settles a read that comes after the abort.
   */
  async *watch(lines: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const line of lines) {
      this.timer.refresh();
      yield line;
      this.controller.signal.throwIfAborted();
    }
  }

  end(): void {
    clearTimeout(this.timer);
    this.closing.removeEventListener('abort', this.onClosing);
    this.controller.abort();
  }
}

function assertEvents(response: Response): void {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream')) throw new FeedError('feed_invalid', `a stream of type "${type}"`);
}
