import { z } from 'zod';
import { Reason } from '../audit/act.js';
import { RoleName, Roles } from '../users/roles.js';
import { limit } from './admin.dto.js';

/** An address has 254 characters at most (RFC 5321 §4.5.3.1.3). */
const EMAIL_MAX = 254;

const status = z.enum(['active', 'suspended', 'deleted']);

export const ListAccounts = z.strictObject({
  email: z.string().max(EMAIL_MAX).optional().describe('One e-mail address, however it is typed.'),
  q: z.string().trim().min(1).max(EMAIL_MAX).optional().describe('What the e-mail address begins with.'),
  status: status.optional(),
  role: RoleName.optional().describe('Who has this role.'),
  limit,
  cursor: z.uuid('Write the nextCursor of the page before.').optional(),
});
export type ListAccounts = z.infer<typeof ListAccounts>;

export const ChangeAccount = z
  .strictObject({
    status: z.enum(['active', 'suspended']).optional().describe('suspended: out at once, and no sign-in.'),
    roles: Roles.optional().describe('All the roles it is to have; sessions go on, and their tokens carry them.'),
    expectedRoles: z
      .array(RoleName)
      .max(100)
      .optional()
      .describe('The roles as you have seen them: if it has others by now, 409 and nothing is changed.'),
    reason: Reason,
  })
  .refine(({ status, roles }) => status !== undefined || roles !== undefined, 'Write status, roles, or both.');
export type ChangeAccount = z.infer<typeof ChangeAccount>;

export const AccountResponse = z.object({
  id: z.uuid(),
  email: z.string().nullable().describe('Null once deleted.'),
  name: z.string().nullable(),
  status,
  roles: z.array(z.string()),
  emailVerified: z.boolean(),
  createdAt: z.iso.datetime(),
  passwordChangedAt: z.iso.datetime().nullable(),
  deletedAt: z.iso.datetime().nullable(),
});

export const AccountListResponse = z.object({ items: z.array(AccountResponse), nextCursor: z.string().optional() });
