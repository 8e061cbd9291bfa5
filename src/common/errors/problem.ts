import { STATUS_CODES } from 'node:http';

import { HttpException } from '@nestjs/common';

import { AppError } from './app-error.js';
import type { AppErrorOptions, FieldError } from './app-error.js';
import { bearerChallenge } from './bearer-challenge.js';
import { databaseErrorCode } from './database-error.js';
import { errorEntry } from './error-catalogue.js';
import type { ErrorAction, ErrorCode } from './error-catalogue.js';

/** The body of every error (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  action?: ErrorAction;
  errors?: FieldError[];
  requestId: string;
  [extension: string]: unknown;
}

export interface ProblemResponse {
  status: number;
  headers: Record<string, string>;
  body: Problem;
}

export interface ProblemContext {
  publicUrl: string;
  requestId: string;
  /** Whether the request had an Authorization header. */
  tokenSent: boolean;
}

/** Codes for what Fastify and Nest say by status only. */
const codeByStatus: Partial<Record<number, ErrorCode>> = {
  400: 'bad_request',
  401: 'token_invalid',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  431: 'header_fields_too_large',
  503: 'unavailable',
};

/** Seconds a client waits when the place that throws does not say. */
const defaultRetryAfter = 1;

/** The answer to any error that was thrown; what is not known by name becomes `internal_error` and tells nothing. */
export function problemResponse(error: unknown, context: ProblemContext): ProblemResponse {
  const foreign = error instanceof HttpException ? foreignProblem(error, context) : null;
  if (foreign) return foreign;

  const appError = toAppError(error);
  const { code, options } = appError;
  const entry = errorEntry(code);
  return {
    status: entry.status,
    headers: problemHeaders(code, entry.status, options, context),
    body: {
      ...options.extensions,
      type: `${context.publicUrl}/docs/errors#${code}`,
      title: entry.title,
      status: entry.status,
      detail: options.detail ?? entry.detail,
      code,
      ...(entry.action && { action: entry.action }),
      ...(options.errors && { errors: options.errors }),
      requestId: context.requestId,
    },
  };
}

/** The error of the catalogue that stands for any error. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // Before the database: a body that breaks off carries a connection's error code, and a status.
  const code = codeByStatus[statusOf(error)] ?? databaseErrorCode(error) ?? 'internal_error';
  return new AppError(code, { cause: error });
}

/** The status that Nest's and Fastify's errors carry, or 0. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : 0;
}

/**
 * An exception of Nest with a status the catalogue does not have, thrown by a module added to the service (a 409 or a
 * 422): its status and text are meant for the client, and RFC 9457 (section 4.2.1) has `about:blank` for it.
 */
function foreignProblem(error: HttpException, context: ProblemContext): ProblemResponse | null {
  const status = error.getStatus();
  if (codeByStatus[status] || status < 400 || status >= 500) return null;
  const title = STATUS_CODES[status] ?? 'Error';
  const code = title.toLowerCase().replace(/[^a-z]+/g, '_');
  return {
    status,
    headers: { 'cache-control': 'no-store' },
    body: { type: 'about:blank', title, status, detail: error.message, code, requestId: context.requestId },
  };
}

function problemHeaders(
  code: ErrorCode,
  status: number,
  options: AppErrorOptions,
  context: ProblemContext,
): Record<string, string> {
  const headers: Record<string, string> = { ...options.headers, 'cache-control': 'no-store' };
  if (status === 401) {
    headers['www-authenticate'] = bearerChallenge(code, context.tokenSent, options.extensions?.['maxAge']);
  }
  if (status === 429 || status === 503) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(options.retryAfter ?? defaultRetryAfter)));
  }
  return headers;
}
