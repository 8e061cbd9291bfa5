import { z } from 'zod';
import { ACCOUNT_EVENT_TYPES } from '../audit/audit-record.js';
import { displayName } from '../common/display-name.js';

export const RenameUser = z.strictObject({
  name: displayName(100).nullable().describe('What to call the person; null for nothing.'),
});
export type RenameUser = z.infer<typeof RenameUser>;

export const ActivityQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('At most this many.'),
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'Write the nextCursor of the page before.')
    .optional(),
});
export type ActivityQuery = z.infer<typeof ActivityQuery>;

export const UserResponse = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string().nullable(),
  roles: z.array(z.string()),
  emailVerified: z.boolean(),
  createdAt: z.iso.datetime(),
});

export const ActivityResponse = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      type: z
        .enum(ACCOUNT_EVENT_TYPES)
        .describe(
          'What happened. refresh_token.reused: a copy of the sign-in of a device was used, so it was signed out.',
        ),
      byYou: z.boolean().describe('Whether the account itself did it.'),
      by: z.enum(['you', 'administrator', 'service']).describe('Who did it.'),
      sessionId: z.uuid().nullable().describe('The device it concerns, if one.'),
      ip: z.string().nullable().describe('Where the request came from; of a reused token, whoever presented it.'),
      reason: z.string().nullable().describe('Null for what an administrator did: their reason is for the audit.'),
      details: z.record(z.string(), z.unknown()).describe('More about it; `device` is what the device was called.'),
      createdAt: z.iso.datetime(),
    }),
  ),
  nextCursor: z.string().optional(),
});
export type ActivityResponse = z.infer<typeof ActivityResponse>;
