import type { CallHandler, ExecutionContext, MessageEvent, NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Observable } from 'rxjs';
import type { ErrorCode } from '../../common/errors/error-catalogue.js';

/** Watches over the token of a stream: calls back with the code that a request would get by now. Returns what ends it. */
export type StreamWatch = (request: FastifyRequest, onRefused: (code: ErrorCode) => void) => () => void;

declare module 'fastify' {
  interface FastifyInstance {
    watchStream?: StreamWatch;
  }
}

/**
 * Ends an event stream with its session: the last event is `closed`, with the code that a request would get. One for all
 * services of the process, as decorators are: it finds the service by the request.
 */
export const liveStreams: NestInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler<MessageEvent>): Observable<MessageEvent> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    return new Observable((subscriber) => {
      const stop = request.server.watchStream?.(request, (code) => {
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
