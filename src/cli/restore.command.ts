import { Command, Option, SubCommand } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { finishRestore, type FinishedRestore } from './restore.js';
import { CommandGroup } from './command-group.js';
import { columns, counted } from './columns.js';
import { OperatorAct, type ActOptions } from './operator-act.js';
import type { Outcome } from './terminal.js';
import type { Services } from './workbench.js';

@SubCommand({
  name: 'finish',
  description:
    'makes a restored backup safe to serve, before any instance runs: signs everyone out, withdraws its signing keys, ' +
    'begins a new log',
})
export class RestoreFinishCommand extends OperatorAct<ActOptions & { endSecrets?: boolean }> {
  @Option({
    flags: '--end-secrets',
    description: 'ends the secrets of all applications too; each needs a new one then',
  })
  readEndSecrets(): boolean {
    return true;
  }

  protected async act(
    services: Services,
    _args: string[],
    act: Act,
    { endSecrets = false }: { endSecrets?: boolean },
  ): Promise<Outcome> {
    const done = await finishRestore(services, act, endSecrets, (text) => this.terminal.progress(text));
    this.terminal.progress('');
    const lines = [
      `Everyone is signed out of ${done.applications.join(', ')}, and can sign in again.`,
      `${counted(done.withdrawn, 'signing key')} of the backup withdrawn; ${done.key.kid} signs.`,
      ...(done.secretsEnded === null
        ? []
        : [`${counted(done.secretsEnded, 'secret')} of applications ended: application rotate-secret makes new ones.`]),
      'The log of revocations goes on under another epoch: whoever followed the old one reads it anew.',
      done.knownUntil === null
        ? 'The backup has no audit.'
        : `The backup ends at ${done.knownUntil}. Do again what was done after it: suspensions, deletions, roles, passwords.`,
      'Its applications are as they were then. Take away again what was taken away from them after it:',
      ...review(done),
      'Now start the instances.',
    ];
    return { lines, data: done };
  }
}

@Command({ name: 'restore', description: 'after a backup was restored: finish', subCommands: [RestoreFinishCommand] })
export class RestoreCommand extends CommandGroup {}

/** What one of them may have lost after the backup, and has again. */
function review({ restored }: FinishedRestore): string[] {
  const rows = restored.map(({ id, enabled, secrets, permissions, origins }) => [
    id,
    enabled ? 'enabled' : 'DISABLED',
    secrets.map(({ createdAt }) => createdAt).join(' ') || '–',
    permissions.join(' ') || '–',
    origins.join(' ') || '–',
  ]);
  return columns([['APPLICATION', 'STATUS', 'SECRETS MADE', 'PERMISSIONS', 'ORIGINS'], ...rows]);
}

export const RESTORE_COMMANDS = [RestoreCommand, RestoreFinishCommand];
