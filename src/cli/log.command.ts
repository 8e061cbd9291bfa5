import { Command, Option } from 'nest-commander';
import { AUDIT_EVENT_TYPES, type AuditEventType } from '../audit/audit-record.js';
import { Moment } from '../admin/admin-audit.dto.js';
import { AuditTrailService, type AuditFilter } from '../audit/audit-trail.service.js';
import { RevocationsInForceService } from '../revocation/revocations-in-force.service.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { accountsIn, describeAudit } from './audit-report.js';
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
  from?: string;
  to?: string;
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

  @Option({ flags: '--by <actor>', description: 'only what they did, such as operator:ada or user:ada@example.com' })
  readBy(actor: string): string {
    return actor;
  }

  @Option({ flags: '--from <time>', description: 'not before this time, such as 2026-11-22T09:30:00Z' })
  readFrom(text: string): string {
    return readMoment('--from', text);
  }

  @Option({ flags: '--to <time>', description: 'before this time' })
  readTo(text: string): string {
    return readMoment('--to', text);
  }

  protected async serve(services: Services, _args: string[], options: AuditOptions): Promise<Outcome> {
    const { limit = USUAL_LIMIT, of, by, type, from, to } = options;
    const filter: AuditFilter = {
      userId: of === undefined ? undefined : (await accountOf(services, of)).id,
      actor: by === undefined ? undefined : await actorOf(services, by),
      type,
      from,
      to,
    };
    const { items } = await services.get(AuditTrailService).list({ ...filter, limit });
    const emails = await services.get(AccountAdministrationService).emailsOf(accountsIn(items));
    return { lines: describeAudit(items, emails), data: { items } };
  }
}

/** As the audit names them: people by their ids, whatever their address is by then. */
async function actorOf(services: Services, text: string): Promise<string> {
  const [, email] = /^(?:user:)?([^:]+@.+)$/.exec(text) ?? [];
  return email === undefined ? text : `user:${(await accountOf(services, email)).id}`;
}

function readMoment(option: string, text: string): string {
  const moment = Moment.safeParse(text);
  if (moment.success) return moment.data;
  throw new UsageError(`${option}: ${moment.error.issues[0]!.message} It was given "${text}".`);
}

export const LOG_COMMANDS = [RevocationsCommand, AuditCommand];
