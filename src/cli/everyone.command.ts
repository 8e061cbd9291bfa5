import { Command, SubCommand } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { ApplicationSignOutService } from '../sessions/application-sign-out.service.js';
import { counted } from './columns.js';
import { CommandGroup } from './command-group.js';
import { RevokingAct } from './revoking-act.js';
import type { Outcome } from './terminal.js';
import type { Services } from './workbench.js';

@SubCommand({
  name: 'sign-out',
  description: 'ends every session of everyone, in every application; the operator has to sign in again too',
})
export class EveryoneSignOutCommand extends RevokingAct {
  protected async act(services: Services, _args: string[], act: Act): Promise<Outcome> {
    const applications = await services.get(ApplicationSignOutService).signOutEveryone(act);
    const where = `${counted(applications.length, 'application')} (${applications.join(', ')})`;
    return { lines: [`Everyone is signed out of ${where}, and can sign in again.`], data: { applications } };
  }
}

@Command({ name: 'everyone', description: 'all accounts at once: sign-out', subCommands: [EveryoneSignOutCommand] })
export class EveryoneCommand extends CommandGroup {}

export const EVERYONE_COMMANDS = [EveryoneCommand, EveryoneSignOutCommand];
