import { Injectable } from '@nestjs/common';
import { CommandRunner, Option } from 'nest-commander';
import { Terminal, type Outcome } from './terminal.js';
import { Workbench, type Services } from './workbench.js';

export interface CommonOptions {
  json?: boolean;
}

type Command = Parameters<CommandRunner['setCommand']>[0];

/** A command: opens the services, does its one thing, and prints what came of it. */
@Injectable()
export abstract class OperatorCommand<Options extends CommonOptions = CommonOptions> extends CommandRunner {
  constructor(
    protected readonly terminal: Terminal,
    protected readonly workbench: Workbench,
  ) {
    super();
  }

  override setCommand(command: Command): this {
    // What is mistyped is thrown to whoever runs the command, who knows the exit code.
    command.exitOverride().allowExcessArguments(false);
    return super.setCommand(command);
  }

  @Option({ flags: '--json', description: 'print one JSON document instead of sentences' })
  readJson(): boolean {
    return true;
  }

  async run(args: string[], options: Options): Promise<void> {
    this.terminal.json = options.json === true;
    const outcome = await this.perform(args, options);
    this.terminal.finish(outcome);
  }

  /** What the command does. Throws what refuses it. */
  protected async perform(args: string[], options: Options): Promise<Outcome> {
    return this.serve(await this.workbench.open(), args, options);
  }

  protected abstract serve(services: Services, args: string[], options: Options): Promise<Outcome>;
}
