import { Command } from 'nest-commander';
import { AuditPurgeJob } from '../audit/audit-purge.job.js';
import { RevocationsPurgeJob } from '../revocation/revocations-purge.job.js';
import { SessionsPurgeJob } from '../sessions/sessions-purge.job.js';
import { columns } from './columns.js';
import { OperatorCommand } from './operator-command.js';
import type { Outcome } from './terminal.js';
import type { Services } from './workbench.js';

const JOBS = [
  ['revocations', RevocationsPurgeJob],
  ['sessions', SessionsPurgeJob],
  ['audit_events', AuditPurgeJob],
] as const;

@Command({
  name: 'purge',
  description: 'deletes what is no longer needed, at a pace that hurts nobody; the service does so by itself too',
})
export class PurgeCommand extends OperatorCommand {
  protected async serve(services: Services): Promise<Outcome> {
    const purged: Record<string, number | null> = {};
    for (const [table, job] of JOBS) {
      this.terminal.progress(`Purging ${table} …`);
      purged[table] = await services.get<{ purge(): Promise<number | null> }>(job).purge();
    }
    this.terminal.progress('');
    const rows = Object.entries(purged).map(([table, count]) => [
      table,
      count === null ? 'an instance is at it' : `${count} deleted`,
    ]);
    return { lines: columns(rows), data: { purged } };
  }
}
