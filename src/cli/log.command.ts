import { Command, Option } from 'nest-commander';
import { AUDIT_EVENT_TYPES, type AuditEventType } from '../audit/audit-record.js';
import { AuditTrailService, type AuditFilter } from '../audit/audit-trail.service.js';
import { RevocationsInForceService } from '../revocation/revocations-in-force.service.js';
import { columns } from './columns.js';
import { ListCommand, USUAL_LIMIT, type ListOptions } from './list-command.js';
import { accountOf } from './person.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

@Command({ name: 'revocations', description: 'lists what is in force: on whom, until when, by whom and why' })
export class RevocationsCommand extends ListCommand<ListOptions> {
  protected async serve(services: Services, _args: string[], { limit = USUAL_LIMIT }: ListOptions): Promise<Outcome> {
    const { items } = await services.get(RevocationsInForceService).list({ limit });
    const rows = items.map((item) => [
      String(item.seq),
      item.createdAt,
      item.suspended ? `${item.kind}, suspended` : item.kind,
      item.subject,
      item.expiresAt ?? 'for ever',
      item.actor ?? '–',
      item.reason ?? '–',
    ]);
    const head = ['SEQ', 'SINCE', 'KIND', 'SUBJECT', 'UNTIL', 'BY', 'WHY'];
    return { lines: rows.length === 0 ? ['Nothing is in force.'] : columns([head, ...rows]), data: { items } };
  }
}

interface AuditOptions extends ListOptions {
  of?: string;
  type?: AuditEventType;
  by?: string;
}

@Command({ name: 'audit', description: 'lists who did what to whom and why, the newest first' })
export class AuditCommand extends ListCommand<AuditOptions> {
  @Option({ flags: '--of <email>', description: 'what happened to this account' })
  readOf(email: string): string {
    return email;
  }

  @Option({ flags: '--type <type>', description: 'only this, such as account.suspended' })
  readType(text: string): AuditEventType {
    const type = AUDIT_EVENT_TYPES.find((one) => one === text);
    if (type) return type;
    throw new UsageError(`There is no "${text}" in the audit. What there is: ${AUDIT_EVENT_TYPES.join(', ')}.`);
  }

  @Option({ flags: '--by <actor>', description: 'only what they did, such as operator:ada or user:<id>' })
  readBy(actor: string): string {
    return actor;
  }

  protected async serve(services: Services, _args: string[], options: AuditOptions): Promise<Outcome> {
    const { limit = USUAL_LIMIT, of, type, by } = options;
    const filter: AuditFilter = {
      userId: of === undefined ? undefined : (await accountOf(services, of)).id,
      type,
      actor: by,
    };
    const { items } = await services.get(AuditTrailService).list({ ...filter, limit });
    const rows = items.map((item) => [
      item.createdAt,
      item.type,
      item.userId ?? '–',
      item.actor,
      item.ip ?? '–',
      item.reason ?? '–',
    ]);
    const head = ['WHEN', 'WHAT', 'TO WHOM', 'BY', 'FROM', 'WHY'];
    return { lines: rows.length === 0 ? ['Nothing of that happened.'] : columns([head, ...rows]), data: { items } };
  }
}

export const LOG_COMMANDS = [RevocationsCommand, AuditCommand];
