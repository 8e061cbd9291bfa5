import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

import { loggedError, withoutSecrets, withoutTokens } from './log-redaction.js';

export type { Logger } from 'pino';

/**
 * The one logger: JSON lines, in which no control character of a message can begin a line of its own. Written without
 * waiting for the terminal or the pipe; what is buffered is written before the process exits.
 *
 * @param stream where to write instead of standard output
 */
export function createLogger(
  level: string,
  stream: DestinationStream = pino.destination({ dest: 1, sync: false }),
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
