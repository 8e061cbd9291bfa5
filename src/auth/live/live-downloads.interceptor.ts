import type { CallHandler, ExecutionContext, NestInterceptor, StreamableFile } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { tap, type Observable } from 'rxjs';
import { AppError } from '../../common/errors/app-error.js';

/**
 * Breaks off an answer whose token is accepted no longer: a stream that fails costs it its connection before the last
 * chunk, which no client takes for the end (RFC 9112 §8). One for all services of the process, as `liveStreams` is.
 */
export const liveDownloads: NestInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler<StreamableFile>): Observable<StreamableFile> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.server.streamGuard?.assertRoom(request);
    return next.handle().pipe(tap((file) => holdByToken(request, file)));
  },
};

function holdByToken(request: FastifyRequest, file: StreamableFile): void {
  const stream = file.getStream();
  try {
    const stop = request.server.streamGuard?.watch(request, (code) => stream.destroy(new AppError(code)));
    stream.once('close', () => stop?.());
  } catch (error) {
    // Taken back since the guard looked. Nobody will read it.
    stream.destroy();
    throw error;
  }
}
