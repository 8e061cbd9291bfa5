import type { ErrorCode } from './error-catalogue.js';

/**
 * SQLSTATEs and their classes (PostgreSQL, appendix A) that say "not now", so that the same request may succeed later:
 * connection exceptions, insufficient resources, a lock that cannot be had, serialization and deadlock victims, operator
 * intervention (shutdown, statement timeout), a primary that has become a standby, and the session time-outs.
 */
const transientClasses = new Set(['08', '53']);
const transientStates = new Set([
  '55P03',
  '40001',
  '40P01',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '57014',
  '25006',
  '25P03',
  '25P04',
]);

/** Text that PostgreSQL cannot store (a NUL, or a character its encoding lacks): the client's fault. */
const unstorableText = new Set(['22021', '22P05']);

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** pg, pg-pool and TypeORM say these in words only, without a code. */
const connectionMessages = [
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated',
  'Query read timeout',
  'Cannot use a pool after calling end',
  'Client was closed',
  'Client has encountered a connection error',
  'Cannot execute operation because connection is not yet established',
  'Connection with postgres database is not established',
  // The connection broke between two statements of a transaction: TypeORM then lets go of it by itself.
  'Query runner already released',
];

/** The error code for what the database or the network said, or null when this error comes from neither. */
export function databaseErrorCode(error: unknown): ErrorCode | null {
  for (const link of causes(error)) {
    const code = typeof link.code === 'string' ? link.code : '';
    if (transientStates.has(code) || connectionCodes.has(code)) return 'unavailable';
    if (code.length === 5 && transientClasses.has(code.slice(0, 2))) return 'unavailable';
    if (unstorableText.has(code)) return 'validation_failed';
    const { message } = link;
    if (typeof message === 'string' && connectionMessages.some((start) => message.startsWith(start))) {
      return 'unavailable';
    }
  }
  return null;
}

/** SQLSTATEs of a server that lets nobody in as this: a wrong role or password (class 28), no such database. */
const NO_ENTRY = /^(28[0-9A-Z]{3}|3D000)$/;

/** A sentence for people where the database cannot be used, whoever is at fault; null when the error is another one. */
export function databaseTrouble(error: unknown): string | null {
  const noEntry = [...causes(error)].some(({ code }) => typeof code === 'string' && NO_ENTRY.test(code));
  if (!noEntry && databaseErrorCode(error) !== 'unavailable') return null;
  return `The database cannot be used now: ${saidBy(error)}`;
}

/**
 * The same error without a stack where the database cannot be used: that says nothing of why, and fills the log of who
 * tries again and again.
 */
export function withoutStack(error: unknown): unknown {
  if (!(error instanceof Error) || databaseTrouble(error) === null) return error;
  return Object.assign(error, { stack: undefined, message: saidBy(error) });
}

/** Of a name with several addresses each was tried, and only the errors within say which. */
function saidBy(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(saidBy).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** Whether a lock could not be had in time. */
export function isLockTimeout(error: unknown): boolean {
  return [...causes(error)].some(({ code }) => code === '55P03');
}

interface ErrorLike {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  driverError?: unknown;
}

/** The error and what it wraps (TypeORM keeps the driver's error in `driverError`), outermost first. */
function* causes(error: unknown): Generator<ErrorLike> {
  let link = error;
  // Five wrappers are more than any library here makes; the bound is against a cause that contains itself.
  for (let depth = 0; depth < 5 && typeof link === 'object' && link !== null; depth++) {
    yield link as ErrorLike;
    link = (link as ErrorLike).driverError ?? (link as ErrorLike).cause;
  }
}
