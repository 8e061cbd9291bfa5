import { AppError } from '../common/errors/app-error.js';
import { databaseErrorCode, databaseTrouble } from '../common/errors/database-error.js';
import { errorEntry, type ErrorCode } from '../common/errors/error-catalogue.js';
import { ConfigError } from '../config.js';
import { SetUpError } from '../database/set-up-error.js';
import { EXIT } from './exit-codes.js';
import { isCommanderError, mistyped } from './mistyped.js';
import type { OwnCode } from './own-codes.js';
import { InputTooLong } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Why a command was not done. */
export interface Refusal {
  /** One of `EXIT`. */
  exitCode: number;
  code: ErrorCode | OwnCode;
  /** What to do about it, for people. */
  detail: string;
}

export function refusalOf(error: unknown): Refusal {
  if (isCommanderError(error)) return refusalOf(mistyped(error, ''));
  if (error instanceof InputTooLong) return { exitCode: EXIT.refused, code: 'input', detail: error.message };
  if (error instanceof UsageError) return { exitCode: EXIT.usage, code: 'usage', detail: error.message };
  if (error instanceof ConfigError || error instanceof SetUpError)
    return { exitCode: EXIT.unavailable, code: 'set_up', detail: error.message };
  if (error instanceof AppError) {
    const { code } = error;
    return { exitCode: exitCodeOf(error), code, detail: error.options.detail ?? errorEntry(code).detail };
  }
  const trouble = databaseTrouble(error);
  if (trouble !== null) return { exitCode: EXIT.unavailable, code: 'unavailable', detail: trouble };
  const code = databaseErrorCode(error);
  if (code !== null) return refusalOf(new AppError(code));
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.defect, code: 'internal_error', detail: stack };
}

function exitCodeOf({ status, code, options }: AppError): number {
  if (status >= 500) return EXIT.unavailable;
  // A password is in no argument: the command itself may be written as it has to be.
  const ofPassword = options.errors?.some(({ pointer }) => pointer === '/password') === true;
  return code === 'validation_failed' && !ofPassword ? EXIT.usage : EXIT.refused;
}
