/** Names of fields whose values never reach the log, at the top of what is logged and one level below. */
const secretFields = [
  'authorization',
  'cookie',
  '["set-cookie"]',
  'password',
  'currentPassword',
  'newPassword',
  'accessToken',
  'refreshToken',
  'token',
  'secret',
];

export const redactedPaths = secretFields.flatMap((field) => [
  field,
  field.startsWith('[') ? `*${field}` : `*.${field}`,
]);

/** Access tokens (a JWS in compact form) and refresh tokens, wherever a message quotes them. */
const tokens = /eyJ[\w-]+\.[\w-]*\.?[\w-]*|prt_[\w.-]+/g;

/** The net below the fields: takes tokens out of a finished line, whatever put them there. */
export function withoutTokens(line: string): string {
  if (!line.includes('eyJ') && !line.includes('prt_')) return line;
  return line.replace(tokens, '[token]');
}

export interface LoggedError {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: LoggedError;
}

/** PostgreSQL's "data exception" class: its messages quote the value that did not fit. */
const quotesInput = /^22/;

/**
 * What the log keeps of an error. A chosen few of its fields: errors of the database driver carry the statement's
 * parameters and the values of the row in theirs.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'A value that is not an error was thrown.' };
  const { code, driverError, cause } = error as Error & { code?: unknown; driverError?: unknown };
  const known = typeof code === 'string' ? code : undefined;
  const inner = driverError ?? cause;
  const quoting = quotesInput.test(known ?? (driverError as { code?: string } | undefined)?.code ?? '');
  return {
    type: error.name,
    message: quoting ? 'The database refused a value.' : error.message,
    ...(known !== undefined && { code: known }),
    ...(error.stack !== undefined && { stack: quoting ? frames(error.stack) : error.stack }),
    // Deep enough for any real chain; a cause may contain itself.
    ...(inner !== undefined && depth < 4 && { cause: loggedError(inner, depth + 1) }),
  };
}

/** The stack without its first lines, which repeat the message. */
function frames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}
