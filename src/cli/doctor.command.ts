import { Command } from 'nest-commander';
import { databaseErrorCode } from '../common/errors/database-error.js';
import { ConfigError } from '../config.js';
import { SetUpError } from '../database/set-up-error.js';
import { columns, counted } from './columns.js';
import { diagnose, type Finding } from './diagnosis.js';
import { EXIT } from './exit-codes.js';
import { OperatorCommand } from './operator-command.js';
import type { Outcome } from './terminal.js';

const MARKS = { fine: 'ok', note: 'note', fault: 'FAULT' } as const;

@Command({
  name: 'doctor',
  description:
    'looks at configuration, database, migrations, keys, clocks and every instance, and says what to do about each; ' +
    'ends with 1 when something is at fault, and changes nothing',
})
export class DoctorCommand extends OperatorCommand {
  protected override async perform(): Promise<Outcome> {
    const findings = await this.examine();
    const faults = findings.filter(({ level }) => level === 'fault').length;
    const rows = findings.map(({ check, level, detail }) => [MARKS[level], check, detail]);
    const lines = columns(rows).flatMap((line, place) => {
      const { remedy } = findings[place]!;
      return remedy === undefined ? [line] : [line, `       -> ${remedy}`];
    });
    const summary = faults === 0 ? 'Nothing is at fault.' : `${counted(faults, 'fault')}: see above what to do.`;
    return {
      lines: [...lines, summary],
      data: { findings, faults },
      exitCode: faults === 0 ? EXIT.done : EXIT.refused,
    };
  }

  protected override serve(): Promise<Outcome> {
    throw new Error('The doctor looks at what cannot be opened too.');
  }

  private async examine(): Promise<Finding[]> {
    try {
      await this.workbench.configure();
    } catch (error) {
      if (error instanceof ConfigError)
        return error.faults.map(({ variable, problem }) => ({
          check: 'configuration',
          level: 'fault',
          detail: `${variable} ${problem}`,
        }));
      if (error instanceof SetUpError) return [{ check: 'configuration', level: 'fault', detail: error.message }];
      throw error;
    }
    const fine: Finding = { check: 'configuration', level: 'fine', detail: 'every variable can be read' };
    try {
      return [fine, ...(await diagnose(await this.workbench.openAsItIs()))];
    } catch (error) {
      if (databaseErrorCode(error) === null && !isPostgresError(error)) throw error;
      const remedy = 'Is it running, does DATABASE_URL name it, may this machine and this role reach it?';
      return [fine, { check: 'database', level: 'fault', detail: (error as Error).message, remedy }];
    }
  }
}

/** What the server itself said, such as a wrong password or a database that is not there. */
function isPostgresError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code));
}
