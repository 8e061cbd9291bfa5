import { Module, type DynamicModule } from '@nestjs/common';
import { CommandFactory, CommandRunnerService } from 'nest-commander';
import type { Environment } from '../config.js';
import { APPLICATION_COMMANDS } from './application.command.js';
import { DoctorCommand } from './doctor.command.js';
import { EVERYONE_COMMANDS } from './everyone.command.js';
import { EXIT } from './exit-codes.js';
import { KEY_COMMANDS } from './key.command.js';
import { LOG_COMMANDS } from './log.command.js';
import { isCommanderError, isHelp } from './mistyped.js';
import { PurgeCommand } from './purge.command.js';
import { refusalOf } from './refusal.js';
import { RESTORE_COMMANDS } from './restore.command.js';
import { SESSION_COMMANDS } from './session.command.js';
import { Terminal, type Streams } from './terminal.js';
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
  const json = words.includes('--json');
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
        // What is mistyped is thrown as well, and told as everything else that refuses a command.
        outputError: () => undefined,
      },
    });
    await app.get(CommandRunnerService).run(['node', 'portcullis', ...words]);
    return terminal.exitCode;
  } catch (error) {
    return report(error, json, terminal);
  } finally {
    await workbench.close().catch((error: unknown) => report(error, json, terminal));
  }
}

/** Tells what went wrong, as a sentence or as JSON, and what to end with. */
function report(error: unknown, json: boolean, terminal: Terminal): number {
  if (isCommanderError(error) && isHelp(error)) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const { exitCode, code, detail } = refusalOf(error);
  terminal.complain(json ? JSON.stringify({ error: { code, detail } }) : detail);
  return exitCode;
}
