import { Command, SubCommand } from 'nest-commander';
import type { Act } from '../audit/act.js';
import { TokenDenialService } from '../revocation/token-denial.service.js';
import { CommandGroup } from './command-group.js';
import { RevokingAct } from './revoking-act.js';
import type { Outcome } from './terminal.js';
import { TokenInspectCommand } from './token-inspect.command.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

@SubCommand({
  name: 'deny',
  arguments: '<jti>',
  argsDescription: { jti: 'its claim `jti`; token inspect shows it' },
  description: 'refuses one access token; its session goes on, and gets another one',
})
export class TokenDenyCommand extends RevokingAct {
  protected async act(services: Services, [jti = '']: string[], act: Act): Promise<Outcome> {
    // A token has two dots. It should be in no argument, but it is there now.
    if (jti.includes('.')) {
      throw new UsageError(
        'That looks like a whole token, and is in the history of your shell now. What is wanted is its jti: ' +
          'send the token to token inspect, which prints it. Nothing was done.',
      );
    }
    await services.get(TokenDenialService).denyToken(jti, act);
    return { lines: [`The access token ${jti} is refused.`], data: { token: { jti } } };
  }
}

@Command({
  name: 'token',
  description: 'single tokens: inspect, deny',
  subCommands: [TokenInspectCommand, TokenDenyCommand],
})
export class TokenCommand extends CommandGroup {}

export const TOKEN_COMMANDS = [TokenCommand, TokenInspectCommand, TokenDenyCommand];
