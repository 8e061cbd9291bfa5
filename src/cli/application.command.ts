import { Command, Option, SubCommand } from 'nest-commander';
import { ApplicationId, type ApplicationChange } from '../applications/application-settings.js';
import type { Act } from '../audit/act.js';
import { ApplicationAdministrationService } from '../sessions/application-administration.service.js';
import { SettingsAct, settingsOf, type SettingOptions } from './application-settings-act.js';
import { columns, counted } from './columns.js';
import { CommandGroup } from './command-group.js';
import { OperatorAct, type ActOptions } from './operator-act.js';
import { OperatorCommand } from './operator-command.js';
import { RevokingAct } from './revoking-act.js';
import type { Outcome } from './terminal.js';
import { readSeconds, type TypedSeconds } from './seconds.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

type View = Awaited<ReturnType<ApplicationAdministrationService['get']>>;

const ID = { id: 'what its front ends call it, such as shop' };

@SubCommand({ name: 'list', description: 'lists the applications' })
export class ApplicationListCommand extends OperatorCommand {
  protected async serve(services: Services): Promise<Outcome> {
    const applications = await services.get(ApplicationAdministrationService).list();
    const rows = applications.map(({ id, name, audience, enabled, secrets, origins }) => [
      id,
      name,
      audience,
      enabled ? 'enabled' : 'DISABLED',
      String(secrets.length),
      origins.join(' ') || '–',
    ]);
    const lines = columns([['APPLICATION', 'NAME', 'AUDIENCE', 'STATUS', 'SECRETS', 'ORIGINS'], ...rows]);
    return { lines, data: { applications } };
  }
}

@SubCommand({ name: 'create', arguments: '<id>', argsDescription: ID, description: 'makes an application' })
export class ApplicationCreateCommand extends SettingsAct<ActOptions & SettingOptions & { audience?: string }> {
  @Option({ flags: '--audience <text>', description: 'the aud of its tokens; its id when left out; it never changes' })
  readAudience(text: string): string {
    return text;
  }

  protected async act(
    services: Services,
    [id = '']: string[],
    act: Act,
    options: SettingOptions & { audience?: string },
  ): Promise<Outcome> {
    const { audience } = options;
    const given = { id, ...(audience !== undefined && { audience }), ...settingsOf(options) };
    const application = await services.get(ApplicationAdministrationService).create(given, act);
    return { lines: [`People can sign in to ${application.id} now.`, ...describe(application)], data: { application } };
  }
}

@SubCommand({
  name: 'update',
  arguments: '<id>',
  argsDescription: ID,
  description: 'changes what is named, and only that',
})
export class ApplicationUpdateCommand extends SettingsAct<ActOptions & SettingOptions> {
  protected async act(services: Services, [id = '']: string[], act: Act, options: SettingOptions): Promise<Outcome> {
    assertId(id);
    const change: ApplicationChange = settingsOf(options);
    if (Object.keys(change).length === 0) throw new UsageError('Say what is to change, such as --origin. See --help.');
    const application = await services.get(ApplicationAdministrationService).update(id, change, act);
    const lines = [`${id} is changed. Every instance follows within ten seconds.`, ...describe(application)];
    return { lines, data: { application } };
  }
}

@SubCommand({
  name: 'rotate-secret',
  arguments: '<id>',
  argsDescription: ID,
  description: 'makes a secret for its back end, shown this once; those before it run out',
})
export class ApplicationRotateSecretCommand extends OperatorAct<ActOptions & { overlap?: TypedSeconds }> {
  @Option({
    flags: '--overlap <duration>',
    description: 'how long those before it are good still (24h); 0s: they end at once',
  })
  readOverlap(text: string): TypedSeconds {
    return readSeconds('--overlap', text);
  }

  protected async act(
    services: Services,
    [id = '']: string[],
    act: Act,
    { overlap }: { overlap?: TypedSeconds },
  ): Promise<Outcome> {
    assertId(id);
    const made = await services
      .get(ApplicationAdministrationService)
      .rotateSecret(id, act, overlap === 'usual' ? undefined : overlap);
    const { secrets } = made.application;
    const others = secrets.filter((secret) => secret.id !== made.id);
    const until = others
      .map(({ expiresAt }) => expiresAt ?? '')
      .toSorted()
      .at(-1);
    const older =
      until === undefined ? [] : [`Of those before it, ${counted(others.length, 'secret')} good until ${until}.`];
    return {
      lines: [made.secret, 'It is shown this once. Its user name is the id of the application.', ...older],
      data: made,
    };
  }
}

@SubCommand({
  name: 'disable',
  arguments: '<id>',
  argsDescription: ID,
  description: 'ends every session of an application, at once, and lets nobody sign in to it',
})
export class ApplicationDisableCommand extends RevokingAct {
  protected async act(services: Services, [id = '']: string[], act: Act): Promise<Outcome> {
    assertId(id);
    const application = await services.get(ApplicationAdministrationService).disable(id, act);
    return {
      lines: [`${id} is disabled: everyone is signed out of it, and nobody can sign in to it.`],
      data: { application },
    };
  }
}

@SubCommand({
  name: 'enable',
  arguments: '<id>',
  argsDescription: ID,
  description: 'lets people sign in to a disabled application again; its old sessions stay ended',
})
export class ApplicationEnableCommand extends RevokingAct {
  protected async act(services: Services, [id = '']: string[], act: Act): Promise<Outcome> {
    assertId(id);
    const application = await services.get(ApplicationAdministrationService).enable(id, act);
    return { lines: [`People can sign in to ${id} again. What was ended stays ended.`], data: { application } };
  }
}

const SUB_COMMANDS = [
  ApplicationListCommand,
  ApplicationCreateCommand,
  ApplicationUpdateCommand,
  ApplicationRotateSecretCommand,
  ApplicationDisableCommand,
  ApplicationEnableCommand,
];

@Command({
  name: 'application',
  description: 'applications: list, create, update, rotate-secret, disable, enable',
  subCommands: SUB_COMMANDS,
})
export class ApplicationCommand extends CommandGroup {}

export const APPLICATION_COMMANDS = [ApplicationCommand, ...SUB_COMMANDS];

/** Throws a UsageError for what can be the id of no application. */
function assertId(id: string): void {
  const { error } = ApplicationId.safeParse(id);
  if (error) throw new UsageError(`"${id}" is no id of an application. ${error.issues[0]!.message} Nothing was done.`);
}

function describe(application: View): string[] {
  const { name, audience, origins, delivery, accessTokenTtl, permissions } = application;
  const { sessionIdle, sessionMax, sessionIdleRemembered, sessionMaxRemembered } = application;
  const seconds = (value: number | null) => (value === null ? 'as configured' : `${value} s`);
  return columns([
    ['name', name],
    ['audience', audience],
    ['origins', origins.join(' ') || '–'],
    ['delivery', delivery.join(', ')],
    ['access tokens', seconds(accessTokenTtl)],
    ['idle, at most', `${seconds(sessionIdle)}, ${seconds(sessionMax)}`],
    ['if remembered', `${seconds(sessionIdleRemembered)}, ${seconds(sessionMaxRemembered)}`],
    ['permissions', permissions.join(', ') || '–'],
  ]);
}
