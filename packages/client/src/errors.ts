/** What a client can do about a refusal without asking a developer. */
export type ErrorAction = 'refresh' | 'sign_in' | 'reauthenticate' | 'second_factor' | 'retry';

/** What is wrong with one field; `pointer` is a JSON pointer (RFC 6901) into what was sent. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** The members of a problem document (RFC 9457) that the service sends; extensions stand beside them. */
export interface Problem {
  code: string;
  detail?: string;
  action?: ErrorAction;
  errors?: FieldError[];
  reason?: string;
  [extension: string]: unknown;
}

/**
 * The service refused, or answered what is no answer of its own (`code` is `unexpected_answer` then: a page of HTML, half
 * a document). `message` is a sentence for people.
 */
export class PortcullisError extends Error {
  override readonly name = 'PortcullisError';
  readonly code: string;
  /** A sentence for people: the message. */
  readonly detail: string;
  readonly action: ErrorAction | undefined;
  /** Per field, when `code` is `validation_failed`; else empty. */
  readonly errors: FieldError[];
  /** Why the session ended, when `code` is `session_ended`. */
  readonly reason: string | undefined;

  constructor(
    /** HTTP status; 0 when the client itself refused. */
    readonly status: number,
    /** The whole document. */
    readonly problem: Problem,
    /** Seconds to wait, where the service said so. */
    readonly retryAfter?: number,
  ) {
    super(problem.detail ?? problem.code);
    this.code = problem.code;
    this.detail = this.message;
    this.action = problem.action;
    this.errors = problem.errors ?? [];
    this.reason = problem.reason;
  }
}

/** No answer came: no network, or none in time. It says nothing about the session. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';

  constructor(cause?: unknown) {
    super('The service cannot be reached.', { cause });
  }
}

/** Whether the same call may be answered otherwise later: there was no answer, or none of the service's own. */
export function mayPass(error: unknown): boolean {
  const { status = 500, code } = error as Partial<PortcullisError>;
  return status >= 500 || status === 429 || code === 'unexpected_answer';
}

/** Whether new tokens may help; also when the session has ended: a refresh has the final word, and says why. */
export function needsRefresh(error: unknown): boolean {
  const action = (error as Partial<PortcullisError> | null)?.action;
  return action === 'refresh' || action === 'sign_in';
}

/** The refusal in a response whose text is `text`. A `Retry-After` that is a date is left out: clocks differ. */
export function refusal({ status, headers }: Response, text: string): PortcullisError {
  return new PortcullisError(status, asProblem(text) ?? unexpected, Number(headers.get('retry-after')) || undefined);
}

/** An answer that cannot be what the service meant: never a reason to sign anyone out. */
export function unexpectedAnswer(status: number): PortcullisError {
  return new PortcullisError(status, unexpected);
}

/** What was asked for one person must not be done, or shown, for another. */
export function userChanged(): PortcullisError {
  return new PortcullisError(0, { code: 'user_changed', detail: 'Somebody else has signed in.' });
}

const unexpected: Problem = {
  code: 'unexpected_answer',
  detail: 'The answer cannot be read.',
};

function asProblem(text: string): Problem | null {
  try {
    const problem = JSON.parse(text) as Problem | null;
    return typeof problem?.code === 'string' ? problem : null;
  } catch {
    return null;
  }
}
