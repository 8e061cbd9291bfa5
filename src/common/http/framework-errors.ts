import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { problemResponse } from '../errors/problem.js';
import type { ProblemResponse } from '../errors/problem.js';
import { AppError } from '../errors/app-error.js';
import type { ErrorCode } from '../errors/error-catalogue.js';
import { requestId } from './request-log.js';

/** What Fastify and Node answer before Nest is asked, in the one format of errors and with the same headers. */
export class FrameworkErrors {
  constructor(
    private readonly publicUrl: string,
    private readonly headers: Record<string, string>,
  ) {}

  /** A path the router cannot read: bad percent-encoding, or a parameter that is too long. */
  readonly onRoute = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const tokenSent = request.headers.authorization !== undefined;
    const problem = this.problem(error, request.id, tokenSent);
    void reply.code(problem.status).headers(problem.headers).header('x-request-id', request.id);
    request.log.info({ method: request.method, route: null, status: problem.status }, 'request');
    void reply.send(JSON.stringify(problem.body));
  };

  /** Bytes that are not HTTP, headers that are too large, or a request that does not arrive in time. */
  readonly onSocket = (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const id = requestId({ headers: {} });
    const { status, headers, body } = this.problem(new AppError(codes[error.code ?? ''] ?? 'bad_request'), id, false);
    const text = JSON.stringify(body);
    const lines = Object.entries({ ...headers, 'x-request-id': id, connection: 'close' })
      .concat([['content-length', String(Buffer.byteLength(text))]])
      .map(([name, value]) => `${name}: ${value}`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
  };

  private problem(error: unknown, id: string, tokenSent: boolean): ProblemResponse {
    const problem = problemResponse(error, { publicUrl: this.publicUrl, requestId: id, tokenSent });
    const headers = { ...this.headers, ...problem.headers, 'content-type': 'application/problem+json; charset=utf-8' };
    return { ...problem, headers };
  }
}

const codes: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'header_fields_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};
