import { z } from 'zod';
import { Reason } from '../audit/act.js';
import { TokenId } from '../revocation/token-denial.service.js';
import { limit } from './admin.dto.js';

const applicationId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'Expected the id of an application.');

export const Revoke = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('token').describe('One access token; its session goes on and gets another one.'),
    subject: TokenId.describe('Its jti.'),
    reason: Reason,
  }),
  z.strictObject({
    kind: z.literal('session').describe('One device.'),
    subject: z.uuid().describe('The id of its session.'),
    reason: Reason,
  }),
  z.strictObject({
    kind: z.literal('user').describe('All devices of a person.'),
    subject: z.uuid().describe('The id of the account.'),
    reason: Reason,
  }),
  z.strictObject({
    kind: z.literal('application').describe('All who are signed in to an application.'),
    subject: applicationId.describe('The id of the application.'),
    reason: Reason,
  }),
  z.strictObject({ kind: z.literal('everyone').describe('All who are signed in, to any.'), reason: Reason }),
]);
export type Revoke = z.infer<typeof Revoke>;

const kind = z.enum(['token', 'session', 'user', 'application', 'key']);

export const ListRevocations = z.strictObject({
  kind: kind.optional(),
  subject: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The jti, or the id of the session, account, application or key.'),
  limit,
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'Write the nextCursor of the page before.')
    .optional(),
});
export type ListRevocations = z.infer<typeof ListRevocations>;

export const RevocationListResponse = z.object({
  items: z.array(
    z.object({
      seq: z.number().int().describe('Its place in the log.'),
      kind,
      subject: z.string(),
      applicationId: z.string().nullable(),
      minVersion: z.number().int().nullable().describe('Tokens of a lower version are outdated.'),
      suspended: z.boolean().describe('Of an account or application: as of this line. The latest line counts.'),
      reason: z.string().nullable(),
      actor: z.string().nullable().describe('`user:<id>`, `operator:<name>`, `application:<id>` or `system`.'),
      createdAt: z.iso.datetime(),
      expiresAt: z.iso.datetime().nullable().describe('When no token it refuses can be alive any more; null: never.'),
    }),
  ),
  nextCursor: z.string().optional(),
});
