import { Module, type DynamicModule } from '@nestjs/common';
import { CommandFactory, CommandRunnerService } from 'nest-commander';
import { AppError } from '../common/errors/app-error.js';
import { databaseErrorCode } from '../common/errors/database-error.js';
import { errorEntry } from '../common/errors/error-catalogue.js';
import { ConfigError, type Environment } from '../config.js';
import { SetUpError } from '../database/set-up-error.js';
import { APPLICATION_COMMANDS } from './application.command.js';
import { DoctorCommand } from './doctor.command.js';
import { EVERYONE_COMMANDS } from './everyone.command.js';
import { EXIT } from './exit-codes.js';
import { KEY_COMMANDS } from './key.command.js';
import { LOG_COMMANDS } from './log.command.js';
import { PurgeCommand } from './purge.command.js';
import { RESTORE_COMMANDS } from './restore.command.js';
import { SESSION_COMMANDS } from './session.command.js';
import { InputTooLong, Terminal, type Streams } from './terminal.js';
import { UsageError } from './usage-error.js';
import { TOKEN_COMMANDS } from './token.command.js';
import { USER_COMMANDS } from './user.command.js';
import { Workbench } from './workbench.js';

@Module({})
class CliModule {
  static register(terminal: Terminal, workbench: Workbench): DynamicModule {
    return {
      module: CliModule,
      providers: [
        { provide: Terminal, useValue: terminal },
        { provide: Workbench, useValue: workbench },
        ...USER_COMMANDS,
        ...SESSION_COMMANDS,
        ...TOKEN_COMMANDS,
        ...APPLICATION_COMMANDS,
        ...EVERYONE_COMMANDS,
        ...KEY_COMMANDS,
        ...LOG_COMMANDS,
        ...RESTORE_COMMANDS,
        PurgeCommand,
        DoctorCommand,
      ],
    };
  }
}

/** Runs one command and resolves to what the process should end with: one of `EXIT`. Never throws. */
export async function runCommand(words: string[], env: Environment, streams: Streams): Promise<number> {
  const terminal = new Terminal(streams);
  const workbench = new Workbench(env, (text) => terminal.note(text));
  const rethrow = (error: unknown) => {
    throw error;
  };
  try {
    const app = await CommandFactory.createWithoutRunning(CliModule.register(terminal, workbench), {
      logger: false,
      abortOnError: false,
      cliName: 'portcullis',
      errorHandler: rethrow,
      serviceErrorHandler: rethrow,
      outputConfiguration: {
        writeOut: (text) => void streams.stdout.write(text),
        writeErr: (text) => void streams.stderr.write(text),
      },
    });
    await app.get(CommandRunnerService).run(['node', 'portcullis', ...words]);
    return terminal.exitCode;
  } catch (error) {
    return report(error, words.includes('--json'), terminal);
  } finally {
    await workbench.close().catch((error: unknown) => report(error, false, terminal));
  }
}

/** Tells what went wrong, as a sentence or as JSON, and what to end with. */
function report(error: unknown, json: boolean, terminal: Terminal): number {
  // commander has printed its own: help that was asked for, or what was mistyped.
  if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const { exitCode, code, detail } = explain(error);
  terminal.complain(json ? JSON.stringify({ error: { code, detail } }) : detail);
  return exitCode;
}

function explain(error: unknown): { exitCode: number; code: string; detail: string } {
  if (error instanceof InputTooLong) return { exitCode: EXIT.refused, code: 'input', detail: error.message };
  if (error instanceof UsageError) return { exitCode: EXIT.usage, code: 'usage', detail: error.message };
  if (error instanceof ConfigError || error instanceof SetUpError)
    return { exitCode: EXIT.unavailable, code: 'set_up', detail: error.message };
  if (error instanceof AppError) {
    const exitCode = error.status >= 500 ? EXIT.unavailable : EXIT.refused;
    return { exitCode, code: error.code, detail: error.options.detail ?? errorEntry(error.code).detail };
  }
  const code = databaseErrorCode(error);
  if (code !== null) {
    const detail = `The database cannot be used now: ${(error as Error).message}`;
    return { exitCode: EXIT.unavailable, code, detail };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.defect, code: 'internal_error', detail: stack };
}

function isCommanderError(error: unknown): error is Error & { exitCode: number } {
  return (
    error instanceof Error && 'exitCode' in error && String((error as { code?: string }).code).startsWith('commander.')
  );
}
