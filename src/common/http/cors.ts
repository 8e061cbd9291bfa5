import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';

import type { RefusedOrigins } from './refused-origins.js';
import type { ResponseHeaders } from './security-headers.js';

export interface OriginPolicy {
  /** Whether pages of this origin may read answers and send credentials. */
  allows(origin: string): boolean;
  /** The ids of the disabled applications that list this origin. */
  disabledAt?(origin: string): string[];
}

/** Ten minutes: after it, an origin that was taken from the list is refused by every browser. */
const preflightMaxAge = '600';

/**
 * Lets listed origins read an answer (Fetch standard, section 3.3). Exact comparison, never `*`, never `null` (which every
 * sandboxed frame has). `Vary: Origin` is among the headers of every response.
 *
 * Our own rather than @fastify/cors: that one adds `OPTIONS *` to the routes, so that every path would seem to exist for
 * OPTIONS, and answers a malformed preflight with text.
 */
export function allowOrigin(
  request: FastifyRequest,
  response: ResponseHeaders,
  policy: OriginPolicy,
  refused: RefusedOrigins,
): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  if (origin === 'null' || !policy.allows(origin)) {
    refused.tell(request, origin);
    return;
  }
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-credentials', 'true');
  response.setHeader('access-control-expose-headers', 'WWW-Authenticate, Retry-After, X-Request-Id');
}

/** Answers a preflight before any guard; one from an origin that is not listed gets an answer that allows nothing. */
export function answerPreflight(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
  const { headers, method } = request;
  if (method !== 'OPTIONS' || headers.origin === undefined || !headers['access-control-request-method']) {
    done();
    return;
  }
  if (reply.raw.hasHeader('access-control-allow-origin')) {
    void reply.headers({
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'Content-Type, Authorization, X-CSRF-Token',
      'access-control-max-age': preflightMaxAge,
    });
  }
  void reply.code(204).send();
}
