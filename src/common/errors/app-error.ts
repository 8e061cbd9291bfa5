import type { ErrorCode } from './error-catalogue.js';
import { errorEntry } from './error-catalogue.js';

/** One fault in a body or a query: a JSON pointer (RFC 6901) to the field, and what is expected there. */
export interface FieldError {
  pointer: string;
  detail: string;
  in?: 'query';
}

export interface AppErrorOptions {
  /** A public sentence that says what to do; the catalogue's when left out. */
  detail?: string;
  /** For the log only, never sent. */
  log?: string;
  cause?: unknown;
  /** Seconds, for 429 and 503; one second when left out. */
  retryAfter?: number;
  /** More members of the answer, such as `challenge` or `maxAge` (seconds). */
  extensions?: Record<string, unknown>;
  errors?: FieldError[];
  /** More headers of the answer, such as Allow. */
  headers?: Record<string, string>;
}

/** From this status on an error is a fault of ours, and its stack goes to the log. To look for the others' costs too much. */
const OUR_FAULTS = 500;

/** An error the API tells its client about, by a code of the catalogue. Everything else becomes `internal_error`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly status: number;

  constructor(
    readonly code: ErrorCode,
    readonly options: AppErrorOptions = {},
  ) {
    const { status, title } = errorEntry(code);
    const limit = Error.stackTraceLimit;
    if (status < OUR_FAULTS) Error.stackTraceLimit = 0;
    super(options.log ?? options.detail ?? title, { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.status = status;
  }
}
