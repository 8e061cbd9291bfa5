import { Injectable } from '@nestjs/common';
import { CommandRunner } from 'nest-commander';
import { explainMistakes, type Command } from './mistyped.js';
import { UsageError } from './usage-error.js';

/** The first word of commands that have two, such as `user suspend`. */
@Injectable()
export abstract class CommandGroup extends CommandRunner {
  override setCommand(command: Command): this {
    explainMistakes(command, () => null);
    return super.setCommand(command);
  }

  async run(args: string[]): Promise<void> {
    const known = this.command.commands.map((command) => command.name()).join(', ');
    const given = args[0] === undefined ? 'Say which' : `There is no command "${this.command.name()} ${args[0]}"`;
    throw new UsageError(`${given}: ${this.command.name()} ${known}. See ${this.command.name()} --help.`);
  }
}
