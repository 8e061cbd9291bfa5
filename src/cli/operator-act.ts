import { Option } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { FleetService, type FleetReport } from '../revocation/fleet.service.js';
import { EXIT } from './exit-codes.js';
import { OperatorCommand, type CommonOptions } from './operator-command.js';
import { operatorName } from './operator-name.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

export interface ActOptions extends CommonOptions {
  reason?: string;
  /** Seconds; true for the usual number of them. */
  wait?: number | true;
}

/** Six times the bound of the promise with its usual setting. */
const USUAL_WAIT = 30;

/** A command that changes something: it has a reason, and can wait until the change holds everywhere. */
export abstract class OperatorAct<Options extends ActOptions = ActOptions> extends OperatorCommand<Options> {
  @Option({ flags: '--reason <text>', description: 'why, in one line; the audit keeps it' })
  readReason(text: string): string {
    return text;
  }

  @Option({
    flags: '--wait [seconds]',
    description: `return when every running instance has it, or name the one that has not (${USUAL_WAIT} s)`,
  })
  readWait(text: string): number {
    if (/^\d{1,5}$/.test(text)) return Number(text);
    throw new UsageError(`--wait takes seconds, such as --wait 10, or nothing. What follows it here is "${text}".`);
  }

  protected override async perform(args: string[], options: Options): Promise<Outcome> {
    const act = { actor: operatorName(), reason: await this.reasonOf(options) };
    const services = await this.workbench.open();
    const outcome = await this.act(services, args, act, options);
    return options.wait === undefined ? outcome : this.awaitEverywhere(services, outcome, options.wait);
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

  private async awaitEverywhere(services: Services, outcome: Outcome, wait: number | true): Promise<Outcome> {
    const limit = wait === true ? USUAL_WAIT : wait;
    const started = performance.now();
    const report = await services
      .get(FleetService)
      .whenApplied(limit, ({ lagging }) => this.terminal.progress(`Waiting for ${namesOf(lagging)} …`));
    this.terminal.progress('');
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
    const applied = { instances: report.running.length, seconds, lagging: report.lagging.map(({ name }) => name) };
    return {
      lines: [...outcome.lines, describe(report, seconds)],
      data: { ...(outcome.data as object), applied },
      exitCode: report.lagging.length > 0 ? EXIT.notEverywhere : EXIT.done,
    };
  }
}

function describe({ running, lagging }: FleetReport, seconds: number): string {
  if (running.length === 0) return 'No instance is running: it holds as soon as one starts.';
  if (lagging.length === 0) return `It holds on every running instance (${namesOf(running)}), after ${seconds} s.`;
  return (
    `It is done, but after ${seconds} s not yet known to ${namesOf(lagging)}. ` +
    'An instance that cannot read the log refuses requests once REVOCATION_MAX_STALENESS has passed. Run: doctor'
  );
}

function namesOf(instances: FleetReport['running']): string {
  return instances.map(({ name }) => name).join(', ');
}
