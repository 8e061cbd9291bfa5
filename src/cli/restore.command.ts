import { Command, SubCommand } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { finishRestore } from './restore.js';
import { CommandGroup } from './command-group.js';
import { counted } from './columns.js';
import { OperatorAct } from './operator-act.js';
import type { Outcome } from './terminal.js';
import type { Services } from './workbench.js';

@SubCommand({
  name: 'finish',
  description:
    'makes a restored backup safe to serve, before any instance runs: signs everyone out, withdraws its signing keys, ' +
    'begins a new log',
})
export class RestoreFinishCommand extends OperatorAct {
  protected async act(services: Services, _args: string[], act: Act): Promise<Outcome> {
    const done = await finishRestore(services, act, (text) => this.terminal.progress(text));
    this.terminal.progress('');
    const lines = [
      `Everyone is signed out of ${done.applications.join(', ')}, and can sign in again.`,
      `${counted(done.withdrawn, 'signing key')} of the backup withdrawn; ${done.key.kid} signs.`,
      'The log of revocations goes on under another epoch: whoever followed the old one reads it anew.',
      done.knownUntil === null
        ? 'The backup has no audit.'
        : `The backup ends at ${done.knownUntil}. Do again what was done after it: suspensions, deletions, roles, passwords.`,
      'Now start the instances.',
    ];
    return { lines, data: done };
  }
}

@Command({ name: 'restore', description: 'after a backup was restored: finish', subCommands: [RestoreFinishCommand] })
export class RestoreCommand extends CommandGroup {}

export const RESTORE_COMMANDS = [RestoreCommand, RestoreFinishCommand];
