import { Option } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { OperatorCommand, type CommonOptions } from './operator-command.js';
import { operatorName } from './operator-name.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

export interface ActOptions extends CommonOptions {
  reason?: string;
}

/** A command that changes something: it has a reason. */
export abstract class OperatorAct<Options extends ActOptions = ActOptions> extends OperatorCommand<Options> {
  @Option({ flags: '--reason <text>', description: 'why, in one line; the audit keeps it' })
  readReason(text: string): string {
    return text;
  }

  protected override async perform(args: string[], options: Options): Promise<Outcome> {
    const act = { actor: operatorName(), reason: await this.reasonOf(options) };
    return this.act(await this.workbench.open(), args, act, options);
  }

  protected override serve(): Promise<Outcome> {
    throw new Error('An act is performed with a reason.');
  }

  protected abstract act(services: Services, args: string[], act: Act, options: Options): Promise<Outcome>;

  /** The reason where nobody has to give one; null where they have to. */
  protected usualReason(): string | null {
    return null;
  }

  private async reasonOf({ reason }: Options): Promise<string> {
    const given = reason ?? this.usualReason() ?? (this.terminal.interactive ? await this.terminal.ask('Why? ') : '');
    if (given.trim() !== '') return given;
    throw new UsageError('Say why, for the audit: --reason "laptop stolen". Nothing was done.');
  }
}
