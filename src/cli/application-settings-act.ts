import { Option } from 'nest-commander';
import type { ApplicationChange } from '../applications/application-settings.js';
import { OperatorAct, type ActOptions } from './operator-act.js';
import { readSeconds, type TypedSeconds } from './seconds.js';

/** What was typed of an application. */
export interface SettingOptions {
  name?: string;
  origin?: string[];
  delivery?: string[];
  tokenLife?: TypedSeconds;
  idle?: TypedSeconds;
  max?: TypedSeconds;
  idleRemembered?: TypedSeconds;
  maxRemembered?: TypedSeconds;
  permission?: string[];
}

/** The options that `create` and `update` share. */
export abstract class SettingsAct<Options extends ActOptions & SettingOptions> extends OperatorAct<Options> {
  @Option({ flags: '--name <name>', description: 'what people and operators read' })
  readName(name: string): string {
    return name;
  }

  @Option({
    flags: '--origin <origin>',
    description: 'of a front end; can be repeated, and is the whole list; none: none',
  })
  readOrigin(origin: string, before: string[] = []): string[] {
    return [...before, origin];
  }

  @Option({
    flags: '--delivery <how>',
    description: 'how its front ends have the refresh token: cookie, body; repeated: both',
  })
  readDelivery(delivery: string, before: string[] = []): string[] {
    return [...before, delivery];
  }

  @Option({
    flags: '--token-life <duration>',
    description: 'how long its access tokens live, such as 5m; usual: as the service is set',
  })
  readTokenLife(text: string): TypedSeconds {
    return readSeconds('--token-life', text);
  }

  @Option({ flags: '--idle <duration>', description: 'how long a session may lie unused' })
  readIdle(text: string): TypedSeconds {
    return readSeconds('--idle', text);
  }

  @Option({ flags: '--max <duration>', description: 'how long a session lasts at most' })
  readMax(text: string): TypedSeconds {
    return readSeconds('--max', text);
  }

  @Option({ flags: '--idle-remembered <duration>', description: 'as --idle, where the person is remembered' })
  readIdleRemembered(text: string): TypedSeconds {
    return readSeconds('--idle-remembered', text);
  }

  @Option({ flags: '--max-remembered <duration>', description: 'as --max, where the person is remembered' })
  readMaxRemembered(text: string): TypedSeconds {
    return readSeconds('--max-remembered', text);
  }

  @Option({
    flags: '--permission <name>',
    description: 'what its back end may do, such as sessions; can be repeated; none: nothing',
  })
  readPermission(permission: string, before: string[] = []): string[] {
    return [...before, permission];
  }
}

/** What was typed, in the words of the service, which checks it. */
export function settingsOf(options: SettingOptions): ApplicationChange {
  const settings = {
    name: options.name,
    origins: listOf(options.origin),
    delivery: options.delivery,
    accessTokenTtl: secondsOf(options.tokenLife),
    sessionIdle: secondsOf(options.idle),
    sessionMax: secondsOf(options.max),
    sessionIdleRemembered: secondsOf(options.idleRemembered),
    sessionMaxRemembered: secondsOf(options.maxRemembered),
    permissions: listOf(options.permission),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as ApplicationChange;
}

/** Null: as the service is configured. */
function secondsOf(typed: TypedSeconds | undefined): number | null | undefined {
  return typed === 'usual' ? null : typed;
}

/** `none` empties the list: without it, an option that is left out leaves the list as it is. */
function listOf(typed: string[] | undefined): string[] | undefined {
  return typed?.join() === 'none' ? [] : typed;
}
