import type { CallHandler, ExecutionContext, MessageEvent, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Observable } from 'rxjs';
import type { ErrorCode } from '../../common/errors/error-catalogue.js';

/** What a token may hold open, besides requests. */
export interface StreamGuard {
  /** Before it begins. Throws `too_many_requests` when the session of the request has too many open already. */
  assertRoom(request: FastifyRequest): void;
  /** Watches over the token: calls back with the code that a request would get by now. Returns what ends it. */
  watch(request: FastifyRequest, onRefused: (code: ErrorCode) => void): () => void;
}

declare module 'fastify' {
  interface FastifyInstance {
    streamGuard?: StreamGuard;
  }
}

/**
 * Ends an event stream with its session: the last event is `closed`, with the code that a request would get. One for all
 * services of the process, as decorators are: it finds the service by the request.
 */
export const liveStreams: NestInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler<MessageEvent>): Observable<MessageEvent> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.server.streamGuard?.assertRoom(request);
    return new Observable((subscriber) => {
      const stop = request.server.streamGuard?.watch(request, (code) => {
        subscriber.next({ type: 'closed', data: { code } });
        subscriber.complete();
      });
      const subscription = next.handle().subscribe(subscriber);
      return () => {
        stop?.();
        subscription.unsubscribe();
      };
    });
  },
};
