import { Command, SubCommand } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { KeyAdministrationService, type SigningKeyView } from '../keys/key-administration.service.js';
import { columns, counted } from './columns.js';
import { CommandGroup } from './command-group.js';
import type { Command as CommanderCommand } from './mistyped.js';
import { OperatorAct } from './operator-act.js';
import { RevokingAct } from './revoking-act.js';
import { OperatorCommand } from './operator-command.js';
import type { Outcome } from './terminal.js';
import type { Services } from './workbench.js';

@SubCommand({ name: 'list', description: 'lists the signing keys' })
export class KeyListCommand extends OperatorCommand {
  protected async serve(services: Services): Promise<Outcome> {
    const keys = await services.get(KeyAdministrationService).list();
    const rows = keys.map((key) => [key.kid, key.algorithm, key.status, key.published ? 'yes' : 'no', sinceOf(key)]);
    const lines =
      rows.length === 0
        ? ['There are no signing keys yet: the service makes them when it starts.']
        : columns([['KEY', 'ALGORITHM', 'STATUS', 'PUBLISHED', 'SINCE'], ...rows]);
    return { lines, data: { keys } };
  }
}

@SubCommand({
  name: 'rotate',
  description: 'lets the standby key sign from now on; what the old one signed stays valid',
})
export class KeyRotateCommand extends OperatorAct {
  protected async act(services: Services, _args: string[], act: Act): Promise<Outcome> {
    const key = await services.get(KeyAdministrationService).rotate(act);
    return {
      lines: [`${key.kid} (${key.algorithm}) signs now. Every instance follows within a minute.`],
      data: { key },
    };
  }
}

@SubCommand({
  name: 'withdraw',
  arguments: '<kid>',
  description: 'refuses everything that a key signed, at once and for good: for a key that leaked',
})
export class KeyWithdrawCommand extends RevokingAct {
  /** One id in 64 begins with -, which is no option then. What is mistyped is one argument too many. */
  override setCommand(command: CommanderCommand): this {
    return super.setCommand(command.allowUnknownOption());
  }

  protected async act(services: Services, [kid = '']: string[], act: Act): Promise<Outcome> {
    const key = await services.get(KeyAdministrationService).withdraw(kid, act);
    const lines = [`${kid} is withdrawn: what it signed is refused. ${key.kid} signs; every client refreshes once.`];
    return { lines, data: { withdrawn: kid, key } };
  }
}

@SubCommand({
  name: 'reseal',
  description: 'seals under KEY_ENCRYPTION_KEY what KEY_ENCRYPTION_KEY_PREVIOUS sealed, which then can go',
})
export class KeyResealCommand extends OperatorAct {
  protected async act(services: Services, _args: string[], act: Act): Promise<Outcome> {
    const resealed = await services.get(KeyAdministrationService).reseal(act);
    const done = resealed === 0 ? 'Nothing to do' : `${counted(resealed, 'signing key')} sealed anew`;
    const lines = [`${done}: KEY_ENCRYPTION_KEY opens all of them. Take KEY_ENCRYPTION_KEY_PREVIOUS away everywhere.`];
    return { lines, data: { resealed } };
  }
}

@Command({
  name: 'key',
  description: 'signing keys: list, rotate, withdraw, reseal',
  subCommands: [KeyListCommand, KeyRotateCommand, KeyWithdrawCommand, KeyResealCommand],
})
export class KeyCommand extends CommandGroup {}

export const KEY_COMMANDS = [KeyCommand, KeyListCommand, KeyRotateCommand, KeyWithdrawCommand, KeyResealCommand];

function sinceOf({ withdrawnAt, retiredAt, activatedAt, createdAt }: SigningKeyView): string {
  return withdrawnAt ?? retiredAt ?? activatedAt ?? createdAt;
}
