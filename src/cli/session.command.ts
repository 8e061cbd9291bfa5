import { Command, SubCommand } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { SessionAdministrationService } from '../sessions/session-administration.service.js';
import { columns } from './columns.js';
import { CommandGroup } from './command-group.js';
import { RevokingAct } from './revoking-act.js';
import { OperatorCommand } from './operator-command.js';
import { accountOf, nameOf } from './person.js';
import type { Outcome } from './terminal.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

const SESSION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

@SubCommand({ name: 'list', arguments: '<email>', description: 'lists the devices an account is signed in on' })
export class SessionListCommand extends OperatorCommand {
  protected async serve(services: Services, [email = '']: string[]): Promise<Outcome> {
    const account = await accountOf(services, email);
    const sessions = await services.get(SessionAdministrationService).listOf(account.id);
    const rows = sessions.map(({ id, name, ip, lastActiveAt, expiresAt }) => [
      id,
      name,
      ip ?? '–',
      lastActiveAt,
      expiresAt,
    ]);
    const lines =
      rows.length === 0
        ? [`${nameOf(account)} is signed in nowhere.`]
        : columns([['SESSION', 'DEVICE', 'ADDRESS', 'LAST USED', 'ENDS AT LATEST'], ...rows]);
    return { lines, data: { user: account, sessions } };
  }
}

@SubCommand({ name: 'end', arguments: '<id>', description: 'signs one device out' })
export class SessionEndCommand extends RevokingAct {
  protected async act(services: Services, [id = '']: string[], act: Act): Promise<Outcome> {
    if (!SESSION_ID.test(id)) {
      throw new UsageError(`"${id}" is no id of a session. session list EMAIL shows them. Nothing was done.`);
    }
    const userId = await services.get(SessionAdministrationService).end(id.toLowerCase(), act);
    return { lines: [`The session ${id} has ended.`], data: { session: { id }, user: { id: userId } } };
  }
}

@Command({ name: 'session', description: 'devices: list, end', subCommands: [SessionListCommand, SessionEndCommand] })
export class SessionCommand extends CommandGroup {}

export const SESSION_COMMANDS = [SessionCommand, SessionListCommand, SessionEndCommand];
