import { Injectable } from '@nestjs/common';
import { CommandRunner, Option } from 'nest-commander';
import { explainMistakes, type Command, type CommanderError } from './mistyped.js';
import { Terminal, type Outcome } from './terminal.js';
import { Workbench, type Services } from './workbench.js';

export interface CommonOptions {
  json?: boolean;
}

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
    explainMistakes(command, (error) => this.hintFor(error));
    return super.setCommand(command.allowExcessArguments(false));
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

  /** What to do instead of what was mistyped, where the command knows; null elsewhere. */
  protected hintFor(_error: CommanderError): string | null {
    return null;
  }

  /** What the command does. Throws what refuses it. */
  protected async perform(args: string[], options: Options): Promise<Outcome> {
    return this.serve(await this.workbench.open(), args, options);
  }

  protected abstract serve(services: Services, args: string[], options: Options): Promise<Outcome>;
}
