import { Option } from 'nest-commander';
import { FleetService, type FleetReport } from '../revocation/fleet.service.js';
import { EXIT } from './exit-codes.js';
import { OperatorAct, type ActOptions } from './operator-act.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

export interface RevokingOptions extends ActOptions {
  /** Seconds; true for the usual number of them. */
  wait?: number | true;
}

/** Six times the bound of the promise with its usual setting. */
const USUAL_WAIT = 30;

/** An act that takes something back, and so writes into the log that instances follow: it can wait until all have it. */
export abstract class RevokingAct<Options extends RevokingOptions = RevokingOptions> extends OperatorAct<Options> {
  @Option({
    flags: '--wait [seconds]',
    description: `return when every running instance has it, or name the one that has not (${USUAL_WAIT} s)`,
  })
  readWait(text: string): number {
    if (/^\d{1,5}$/.test(text)) return Number(text);
    throw new UsageError(`--wait takes seconds, such as --wait 10, or nothing. What follows it here is "${text}".`);
  }

  protected override async perform(args: string[], options: Options): Promise<Outcome> {
    const outcome = await super.perform(args, options);
    if (options.wait === undefined) return outcome;
    try {
      return await this.awaitEverywhere(await this.workbench.open(), outcome, options.wait);
    } catch (error) {
      // What was done is done, whatever became of the database since.
      const unknown = `It is done, but who knows of it could not be read: ${(error as Error).message}`;
      return { ...outcome, lines: [...outcome.lines, unknown], exitCode: EXIT.notEverywhere };
    }
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
