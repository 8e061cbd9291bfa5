import { z } from 'zod';
import { ApplicationChange, ApplicationId, NewApplication, Overlap } from '../applications/application-settings.js';
import { PERMISSIONS } from '../applications/known-application.js';
import { Reason } from '../audit/act.js';

export { ApplicationId };

export const CreateApplication = NewApplication.extend({ reason: Reason });
export type CreateApplication = z.infer<typeof CreateApplication>;

export const ChangeApplication = ApplicationChange.extend({ reason: Reason }).refine(
  ({ reason: _reason, ...change }) => Object.values(change).some((value) => value !== undefined),
  'Write what is to change.',
);
export type ChangeApplication = z.infer<typeof ChangeApplication>;

export const CreateSecret = z.strictObject({
  overlap: Overlap,
  reason: Reason,
});
export type CreateSecret = z.infer<typeof CreateSecret>;

export const SwitchApplication = z.strictObject({ reason: Reason });
export type SwitchApplication = z.infer<typeof SwitchApplication>;

const limit = z.number().int().nullable();

export const ApplicationResponse = z.object({
  id: z.string(),
  name: z.string(),
  audience: z.string().describe('The `aud` of its tokens.'),
  builtIn: z.boolean().describe('Whether it is the one of the account pages, which the configuration describes.'),
  enabled: z.boolean(),
  origins: z.array(z.string()),
  delivery: z.array(z.enum(['cookie', 'body'])),
  accessTokenTtl: limit.describe('Seconds, as in the four below; null: as the service is configured.'),
  sessionIdle: limit,
  sessionMax: limit,
  sessionIdleRemembered: limit,
  sessionMaxRemembered: limit,
  permissions: z.array(z.enum(PERMISSIONS)),
  secrets: z.array(
    z.object({
      id: z.uuid(),
      createdAt: z.iso.datetime(),
      expiresAt: z.iso.datetime().nullable().describe('When it is good no longer; null: until it is replaced.'),
    }),
  ),
  createdAt: z.iso.datetime(),
});

export const ApplicationListResponse = z.object({ items: z.array(ApplicationResponse) });

export const SecretResponse = z.object({
  id: z.uuid(),
  secret: z.string().describe('It is shown this once: only a hash of it is kept.'),
  application: ApplicationResponse,
});
