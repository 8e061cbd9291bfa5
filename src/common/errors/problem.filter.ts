import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Metrics } from '../metrics/metrics.js';
import { isOAuthEndpoint } from '../http/oauth-endpoint.js';
import type { RouteMethods } from '../http/route-methods.js';
import { AppError } from './app-error.js';
import { isErrorCode } from './error-catalogue.js';
import { OAUTH_ERROR_TYPE, toOAuthError } from './oauth-error.js';
import { problemResponse, toAppError } from './problem.js';

const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Turns whatever was thrown into the one error format of the API, and writes what the service must know to the log. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly publicUrl: string,
    private readonly routes: RouteMethods,
    private readonly host: HttpAdapterHost,
    private readonly metrics: Metrics,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = this.routes.methodNotAllowed(request) ?? thrown;
    const context = {
      publicUrl: this.publicUrl,
      requestId: String(request.id ?? ''),
      tokenSent: request.headers.authorization !== undefined,
    };
    const problem = problemResponse(error, context);
    const isOAuth = isOAuthEndpoint(request);
    const { status, headers, body } = isOAuth ? toOAuthError(problem) : problem;
    logError(request, error, status);
    if (isErrorCode(body.code)) this.metrics.count('portcullis_problems_total', body.code);

    const adapter = this.host.httpAdapter;
    // An event stream that has begun cannot be told anything more.
    if (adapter.isHeadersSent(reply)) {
      reply.raw.destroy();
      return;
    }
    for (const [name, value] of Object.entries(headers)) adapter.setHeader(reply, name, value);
    adapter.setHeader(reply, 'content-type', isOAuth ? OAUTH_ERROR_TYPE : PROBLEM_TYPE);
    adapter.reply(reply, JSON.stringify(body), status);
  }
}

/**
 * Faults of ours go to the log whole; of what a client did wrong, only what the thrower wrote for the log. Messages of
 * libraries may quote the input, and with it a secret.
 */
export function logError(request: FastifyRequest, error: unknown, status: number): void {
  // A request that never became one of Fastify's (an error in a middleware) has no log of its own.
  const log = request.log ?? request.server?.log;
  if (!log) return;
  const { code, options } = toAppError(error);
  if (status >= 500) {
    const cause = error instanceof AppError ? (options.cause ?? error) : error;
    const level = code === 'internal_error' ? 'error' : 'warn';
    log[level]({ err: cause, code, reason: options.log }, 'request failed');
  } else if (options.log) {
    log.info({ code, reason: options.log }, 'request refused');
  }
}
