import { Injectable } from '@nestjs/common';
import { concerns, type RevocationEntry } from '@portcullis/verifier';
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { Clock } from '../common/clock.js';
import { Config } from '../config.js';
import type { LogPosition } from '../revocation/log-follower.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { toItem } from './feed-frames.js';
import { FeedHistory } from './feed-history.service.js';
import { inTurns } from './in-turns.js';

/** Below so many entries the list is sent as it is: compressing takes longer than sending. */
const WORTH_COMPRESSING = 1_000;

/** Up to so many entries the list is made anew for whoever asks: some ten milliseconds. */
const WORTH_SHARING = 10_000;

/**
 * A longer one serves whoever asks for so many times as long as it took to make: a million entries take a second or two,
 * and are made again at most every twenty. Its head says what it knows; from there followers go on.
 */
const REUSE_FACTOR = 10;

/** An answer as bytes; one buffer for everyone who gets it. */
export interface FeedBody {
  bytes: Buffer;
  gzipped: boolean;
}

interface SharedBody {
  body: Promise<FeedBody>;
  /** By the monotonic clock, in milliseconds; Infinity while it is being made. */
  until: number;
}

/** The whole list, and what came after a place in the log, for those who ask instead of following. */
@Injectable()
export class FeedAnswers {
  private readonly shared = new Map<string, SharedBody>();

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly sync: RevocationSync,
    private readonly history: FeedHistory,
  ) {}

  /** Everything in force that concerns the application. Throws `revocation_unavailable` when this instance is stale. */
  async list(applicationId: string, mayCompress: boolean): Promise<FeedBody> {
    await this.history.locate(null);
    const { size } = this.history.index;
    const gzipped = mayCompress && size > WORTH_COMPRESSING;
    if (size <= WORTH_SHARING) return this.make(applicationId, this.history.index.slicesAfter(-1), gzipped);
    const name = `${applicationId} ${gzipped}`;
    const known = this.shared.get(name);
    if (known && this.clock.monotonic() < known.until) return known.body;
    return this.makeShared(name, applicationId, gzipped);
  }

  /** What came after the cursor. Throws as above, and `cursor_gone` for a place that is not in the log. */
  async listAfter(applicationId: string, cursor: LogPosition): Promise<FeedBody> {
    const seq = await this.history.locate(cursor);
    const remembered = this.history.listAfter(seq, Infinity);
    const slices = remembered ? [remembered] : this.history.index.slicesAfter(seq);
    return this.make(applicationId, both(this.history.mendedSlices(), slices), false);
  }

  private makeShared(name: string, applicationId: string, gzipped: boolean): Promise<FeedBody> {
    const start = this.clock.monotonic();
    const made: SharedBody = {
      body: this.make(applicationId, this.history.index.slicesAfter(-1), gzipped),
      until: Infinity,
    };
    this.shared.set(name, made);
    const forget = () => this.shared.get(name) === made && this.shared.delete(name);
    made.body.then(() => {
      const reuse = (this.clock.monotonic() - start) * REUSE_FACTOR;
      made.until = start + reuse;
      setTimeout(forget, reuse).unref();
    }, forget);
    return made.body;
  }

  /** Head and index are read in one go, so that all up to the head is in the answer whatever happens meanwhile. */
  private async make(applicationId: string, slices: Iterable<RevocationEntry[]>, gzipped: boolean): Promise<FeedBody> {
    const text = Readable.from(write(this.describe(), concerning(applicationId, slices)));
    if (!gzipped) return { bytes: await buffer(text), gzipped };
    // The fastest level: most of it is random ids, of which even the best leaves as much.
    const gzip = createGzip({ level: 1 });
    pipeline(text, gzip, () => undefined);
    return { bytes: await buffer(gzip), gzipped };
  }

  private describe(): object {
    const { epoch, seq } = this.history.position;
    return {
      epoch,
      head: seq,
      generatedAt: new Date(this.clock.now()).toISOString(),
      staleness: Math.ceil(this.sync.staleness),
      maxAge: this.config.revocationMaxStaleness * 1000,
    };
  }
}

function* both<Item>(first: Iterable<Item>, second: Iterable<Item>): Generator<Item> {
  yield* first;
  yield* second;
}

function* concerning(applicationId: string, slices: Iterable<RevocationEntry[]>): Generator<RevocationEntry[]> {
  for (const slice of slices) yield slice.filter((entry) => concerns(entry, applicationId));
}

/** The JSON of the answer, each item on a line of its own, a slice at a time. */
async function* write(about: object, slices: Iterable<RevocationEntry[]>): AsyncGenerator<string> {
  yield `${JSON.stringify(about).slice(0, -1)},"items":[`;
  let separator = '\n';
  for await (const slice of inTurns(slices)) {
    if (slice.length === 0) continue;
    yield separator + slice.map((entry) => JSON.stringify(toItem(entry))).join(',\n');
    separator = ',\n';
  }
  yield '\n]}\n';
}
