import { z } from 'zod';
import { displayName } from '../common/display-name.js';
import { parseDuration } from '../common/duration.js';
import { AppError } from '../common/errors/app-error.js';
import type { Config } from '../config.js';
import { LONGEST_SESSION, parseOrigin } from '../config/formats.js';
import { PERMISSIONS, type ApplicationLimits } from './known-application.js';

/** As the table has it: it is part of the names of cookies, of which no two may be of different applications. */
export const ApplicationId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'Write small letters, digits and -, 63 at most, beginning with no -.')
  .regex(
    /^(?!access-|csrf-)/,
    'An id begins neither with access- nor with csrf-: its cookies would be those of another.',
  )
  .describe('What front ends call it (`applicationId`, `client_id`); it never changes.');

const audience = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'Write 1 to 200 visible ASCII characters, none of them a space.')
  .describe('The `aud` of its tokens; its id when left out. It never changes.');

const origin = z.string().transform((text, context) => {
  const parsed = parseOrigin(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({
    code: 'custom',
    message: 'Write an origin, such as https://shop.example.com: no path, no query.',
  });
  return z.NEVER;
});

function seconds(shortest: string, longest: string) {
  return z.int().min(parseDuration(shortest)).max(parseDuration(longest)).nullable().optional();
}

/** All that can be changed later. What is left out stays as it is, or is as usual; null: as the service is configured. */
const changeable = {
  name: displayName(100).optional().describe('What people and operators read; the id when left out.'),
  origins: z
    .array(origin)
    .max(100)
    .transform((origins) => [...new Set(origins)])
    .optional()
    .describe('Of its front ends: all of them. Their pages alone may use its cookie.'),
  delivery: z
    .array(z.enum(['cookie', 'body']))
    .min(1)
    .transform((delivery) => [...new Set(delivery)])
    .optional()
    .describe('How its front ends may have the refresh token; both when left out.'),
  accessTokenTtl: seconds('1s', '1h').describe('Seconds that its access tokens live; null: as the service is set.'),
  sessionIdle: seconds('1m', LONGEST_SESSION).describe('Seconds that a session may lie unused.'),
  sessionMax: seconds('1m', LONGEST_SESSION).describe('Seconds that a session lasts at most.'),
  sessionIdleRemembered: seconds('1m', LONGEST_SESSION).describe('The same, where the person is remembered.'),
  sessionMaxRemembered: seconds('1m', LONGEST_SESSION).describe('The same, where the person is remembered.'),
  permissions: z
    .array(z.enum(PERMISSIONS))
    .transform((permissions) => [...new Set(permissions)])
    .optional()
    .describe('What its back end may do besides following the deny-list. `sessions`: list and end those of people.'),
};

export const NewApplication = z.strictObject({ id: ApplicationId, audience: audience.optional(), ...changeable });
export type NewApplication = z.infer<typeof NewApplication>;

export const ApplicationChange = z.strictObject(changeable);
export type ApplicationChange = z.infer<typeof ApplicationChange>;

/** A month at most: whoever has not brought the new secret everywhere by then has forgotten the old one. */
export const Overlap = z
  .int()
  .min(0)
  .max(30 * 86_400)
  .default(86_400)
  .describe('Seconds for which the secrets before it are good still; 0: they end at once.');

/** Use of an access token reaches the session's row up to two minutes later: until then it must not count as idle. */
const USE_IS_WRITTEN_WITHIN = 120;

/** The rules between the limits, as those of the configuration. Throws `validation_failed`. */
export function assertLimits(limits: ApplicationLimits, config: Config): void {
  const life = limits.accessTokenTtl ?? config.accessTokenTtl;
  const pairs = [
    ['sessionIdle', 'sessionMax'],
    ['sessionIdleRemembered', 'sessionMaxRemembered'],
  ] as const;
  for (const [idleName, maxName] of pairs) {
    const [idle, max] = [limits[idleName] ?? config[idleName], limits[maxName] ?? config[maxName]];
    if (idle > max)
      throw refused(idleName, `A session cannot lie unused (${idle} s) for longer than it lasts (${max} s).`);
    if (idle < life + USE_IS_WRITTEN_WITHIN)
      throw refused(
        idleName,
        `It must be two minutes longer than an access token lives (${life} s): a session in use would end as idle.`,
      );
  }
}

function refused(field: string, detail: string): AppError {
  return new AppError('validation_failed', { detail, errors: [{ pointer: `/${field}`, detail }] });
}
