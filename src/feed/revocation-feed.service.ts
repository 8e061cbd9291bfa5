import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors/app-error.js';
import type { LogPosition } from '../revocation/log-follower.js';
import { FeedAnswers } from './feed-answers.service.js';
import { readCursor } from './feed-cursor.js';
import { FeedHistory } from './feed-history.service.js';
import { FeedStreams } from './feed-streams.service.js';

/** How another application learns what is revoked: it asks, or it follows. */
@Injectable()
export class RevocationFeed {
  constructor(
    private readonly clock: Clock,
    private readonly answers: FeedAnswers,
    private readonly history: FeedHistory,
    private readonly streams: FeedStreams,
  ) {}

  /** Answers with the whole list or, with a cursor, with what came after it. */
  async answer(
    applicationId: string,
    after: LogPosition | null,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const mayCompress = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const { bytes, gzipped } = after
      ? await this.answers.listAfter(applicationId, after)
      : await this.answers.list(applicationId, mayCompress);
    if (gzipped) void reply.header('content-encoding', 'gzip');
    void reply.header('content-type', 'application/json; charset=utf-8').send(bytes);
  }

  /** Makes the answer a stream of events from `Last-Event-ID` on. */
  async follow(applicationId: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const startedAt = this.clock.monotonic();
    const seq = await this.history.locate(cursorOf(request));
    reply.hijack();
    this.streams.start(reply.raw, applicationId, seq, startedAt);
    // Nothing would ever be read of it.
    if (request.method === 'HEAD') reply.raw.end();
  }
}

/** Null without one. Throws `validation_failed` for a header that is none. */
function cursorOf({ headers }: FastifyRequest): LogPosition | null {
  const text = headers['last-event-id'];
  // As browsers send it before the first event, should one ever ask.
  if (text === undefined || text === '') return null;
  const cursor = readCursor(String(text));
  if (cursor) return cursor;
  throw new AppError('validation_failed', {
    detail: 'Send a cursor in Last-Event-ID: epoch and seq, as <epoch>:<seq>.',
  });
}
