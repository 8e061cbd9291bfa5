import { z } from 'zod';
import { displayName } from '../common/display-name.js';

export const RenameUser = z.strictObject({
  name: displayName(100).nullable().describe('What to call the person; null for nothing.'),
});
export type RenameUser = z.infer<typeof RenameUser>;

export const ActivityQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('At most this many.'),
  cursor: z.string().regex(/^\d{1,18}$/, 'Write the nextCursor of the page before.').optional(),
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
      type: z.string().describe('What happened, such as session.ended'),
      byYou: z.boolean(),
      sessionId: z.uuid().nullable(),
      ip: z.string().nullable(),
      reason: z.string().nullable(),
      details: z.record(z.string(), z.unknown()),
      createdAt: z.iso.datetime(),
    }),
  ),
  nextCursor: z.string().optional(),
});
