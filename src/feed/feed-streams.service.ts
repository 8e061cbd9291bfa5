import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { concerns, type RevocationEntry } from '@portcullis/verifier';
import type { ServerResponse } from 'node:http';
import { ApplicationCredentials } from '../applications/application-credentials.service.js';
import { Clock } from '../common/clock.js';
import type { LogPosition, LogStep } from '../revocation/log-follower.js';
import { RevocationSync } from '../revocation/revocation-sync.js';
import { backlogFrames, heartbeatFrame, revocationFrames } from './feed-frames.js';
import { FeedHistory } from './feed-history.service.js';
import { FeedStream } from './feed-stream.js';
import { inTurns } from './in-turns.js';

/** The index is confirmed once a second and at every revocation; the former is enough to tell. Milliseconds. */
const HEARTBEAT_MS = 900;

/** A stream ends after so many milliseconds at the latest, whatever was not heard of: nobody reads on for ever. */
const MAX_STREAM_MS = 15 * 60_000;

/** Entries looked at without letting the event loop turn. */
const PAGE = 500;

/** The followers of one application, who are told the same. */
interface Channel {
  streams: Set<FeedStream>;
  /** The seq of the last id that all of them were sent; who joined since was sent a later one. */
  told: number;
}

/** Pushes what is revoked to whoever follows. Each event is written once for all followers of an application. */
@Injectable()
export class FeedStreams implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(FeedStreams.name);
  private readonly channels = new Map<string, Channel>();
  /** By application; those that still make up for what they missed, too. */
  private readonly open = new Map<FeedStream, string>();
  private beatAt = -Infinity;
  /** When an application lost a secret, by the monotonic clock in milliseconds. */
  private readonly lostAt = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly sync: RevocationSync,
    private readonly history: FeedHistory,
    private readonly credentials: ApplicationCredentials,
  ) {}

  onModuleInit(): void {
    this.credentials.onLoss((applicationId) => this.endOf(applicationId));
    this.history.follow({ step: (step) => this.publish(step), mended: (entries) => this.publishMended(entries) });
  }

  beforeApplicationShutdown(): void {
    this.endAll();
  }

  /** How many followers are connected. */
  get size(): number {
    return this.open.size;
  }

  /**
   * Makes the response a stream for a follower of this application, from `seq` (see `FeedHistory.locate`).
   * `startedAt`: when the request had come, by the monotonic clock in milliseconds.
   */
  start(response: ServerResponse, applicationId: string, seq: number, startedAt: number): void {
    const stream = new FeedStream(response, startedAt, () => this.forget(stream, applicationId));
    this.open.set(stream, applicationId);
    // Its secret may have been taken away while the place in the log was looked for.
    if (startedAt <= (this.lostAt.get(applicationId) ?? -Infinity)) return stream.end();
    this.bring(stream, applicationId, seq).catch((error: unknown) => {
      this.logger.error({ message: 'A follower could not be told what it missed; it comes back.', error });
      stream.end();
    });
  }

  /** Sends what the follower missed, then lets it join the others. */
  private async bring(stream: FeedStream, applicationId: string, from: number): Promise<void> {
    let [seq, told] = [from, from];
    await this.sendSlices(stream, applicationId, this.history.mendedSlices());
    while (!stream.closed) {
      const missed = this.history.listAfter(seq, PAGE);
      if (missed === null) {
        seq = await this.sendBacklog(stream, applicationId, seq);
      } else if (missed.length === 0) {
        this.join(stream, applicationId, told);
        return;
      } else {
        const { epoch } = this.history.position;
        const concerning = missed.filter((entry) => concerns(entry, applicationId));
        seq = missed.at(-1)!.seq;
        for (const frame of revocationFrames(concerning, told, { epoch, seq })) await stream.sendPatiently(frame);
        if (concerning.length > 0) told = seq;
      }
    }
  }

  /** Everything past `after` that is in the index, in no order. Returns the seq up to which that is all there was. */
  private async sendBacklog(stream: FeedStream, applicationId: string, after: number): Promise<number> {
    const { seq } = this.history.position;
    await this.sendSlices(stream, applicationId, this.history.index.slicesAfter(after));
    return seq;
  }

  private async sendSlices(
    stream: FeedStream,
    applicationId: string,
    slices: Iterable<RevocationEntry[]>,
  ): Promise<void> {
    for await (const slice of inTurns(slices)) {
      for (const frame of backlogFrames(slice.filter((entry) => concerns(entry, applicationId)))) {
        await stream.sendPatiently(frame);
      }
      if (stream.closed) break;
    }
  }

  private join(stream: FeedStream, applicationId: string, told: number): void {
    // Its first heartbeat is what tells that it missed nothing; a stale instance cannot say that.
    if (!this.sync.isFresh()) return stream.end();
    const { position } = this.history;
    const channel = this.channels.get(applicationId) ?? { streams: new Set(), told: position.seq };
    this.channels.set(applicationId, channel);
    channel.streams.add(stream);
    this.sendHeartbeat(stream, told, position);
  }

  private publish({ position, entries }: LogStep): void {
    // Another log: every cursor is void, and who comes back with one is told so.
    if (entries === null) return this.endAll();
    if (entries.length > 0) {
      for (const [applicationId, channel] of this.channels) this.send(channel, applicationId, entries, position);
    }
    if (this.clock.monotonic() - this.beatAt >= HEARTBEAT_MS && this.sync.isFresh()) this.beat(position);
  }

  /** To everyone, whatever their place: they have been told that they are past it, or are about to be. */
  private publishMended(entries: RevocationEntry[]): void {
    const written = new Map<string, Buffer[]>();
    for (const [stream, applicationId] of this.open) {
      const frames =
        written.get(applicationId) ?? backlogFrames(entries.filter((entry) => concerns(entry, applicationId)));
      written.set(applicationId, frames);
      for (const frame of frames) stream.send(frame);
    }
  }

  private send(channel: Channel, applicationId: string, entries: RevocationEntry[], position: LogPosition): void {
    const concerning = entries.filter((entry) => concerns(entry, applicationId));
    for (const frame of revocationFrames(concerning, channel.told, position)) {
      for (const stream of channel.streams) stream.send(frame);
    }
    if (concerning.length > 0) channel.told = position.seq;
  }

  private beat(position: LogPosition): void {
    this.beatAt = this.clock.monotonic();
    if (this.open.size > 0) void this.credentials.keepUp();
    for (const channel of this.channels.values()) {
      for (const stream of channel.streams) {
        if (this.clock.monotonic() - stream.startedAt > MAX_STREAM_MS) stream.end();
        else this.sendHeartbeat(stream, channel.told, position);
      }
      channel.told = position.seq;
    }
  }

  private sendHeartbeat(stream: FeedStream, after: number, position: LogPosition): void {
    const elapsed = this.clock.monotonic() - stream.startedAt;
    stream.send(heartbeatFrame({ after, elapsed, staleness: this.sync.staleness }, position));
  }

  /** Whoever has a good secret comes back with the last id. Which one a stream was begun with is not kept. */
  private endOf(lost: string): void {
    this.lostAt.set(lost, this.clock.monotonic());
    for (const [stream, applicationId] of this.open) if (applicationId === lost) stream.end();
  }

  private endAll(): void {
    for (const stream of this.open.keys()) stream.end();
    this.channels.clear();
  }

  private forget(stream: FeedStream, applicationId: string): void {
    this.open.delete(stream);
    const channel = this.channels.get(applicationId);
    channel?.streams.delete(stream);
    if (channel?.streams.size === 0) this.channels.delete(applicationId);
  }
}
