import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import Fastify from 'fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

const { LogController } = Fastify;

/** Letters, digits, dots, dashes and underscores, so that an id of a proxy's cannot carry anything else into a log. */
const wellFormedId = /^[\w.-]{1,64}$/;

/** The id a proxy gave the request, if it is well-formed; otherwise a new one. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && wellFormedId.test(given) ? given : randomUUID();
}

/** One line for each request, when it is over, with the route's pattern: paths and queries may hold identifiers. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' });
  }

  override incomingRequest(): void {}

  override routeNotFound(): void {}

  /** Nest's exception filter has written what there is to know. */
  override defaultErrorLog(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const route = request.routeOptions?.url ?? null;
    // Probes ask every few seconds. Faults have their own line, with what went wrong.
    const level = route?.startsWith('/health/') ? 'debug' : 'info';
    request.log[level](
      {
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        // The client went away before it had the whole answer.
        ...(error && { aborted: true }),
      },
      'request',
    );
  }
}
