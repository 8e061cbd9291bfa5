import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

import { loggedError, withoutSecrets, withoutTokens } from './log-redaction.js';

export type { Logger } from 'pino';

let standardOutput: ReturnType<typeof pino.destination> | undefined;

/**
 * The one logger: JSON lines, in which no control character of a message can begin a line of its own. Written without
 * waiting for the terminal or the pipe.
 *
 * @param stream where to write instead of standard output
 */
export function createLogger(
  level: string,
  // Without a least length it says that all is written before it is.
  stream: DestinationStream = (standardOutput ??= pino.destination({ dest: 1, sync: false, minLength: 1 })),
): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
      serializers: { err: (error: unknown) => loggedError(error) },
      hooks: { streamWrite: withoutTokens },
    },
    stream,
  );
}

/**
 * To be awaited before the process exits: what was logged is written by then, unless nobody can read it any more. (Left to do so at
 * the exit itself, the library tries for ever where the reader has gone, as it has after a Ctrl-C of `… | less`.)
 */
export async function endLog(): Promise<void> {
  const stream = standardOutput;
  if (!stream) return;
  await new Promise<void>((resolve) => stream.flush(() => resolve()));
  abandonLog();
}

/** For who does not want to wait for that. */
export function abandonLog(): void {
  standardOutput?.destroy();
}
