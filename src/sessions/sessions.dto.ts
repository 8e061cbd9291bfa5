import { z } from 'zod';
import { displayName } from '../common/display-name.js';

export const RenameSession = z.strictObject({
  name: displayName(60).describe('What the person calls this device.'),
});
export type RenameSession = z.infer<typeof RenameSession>;

export const ListSessionsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('At most this many.'),
  cursor: z.string().max(200).optional().describe('The nextCursor of the page before.'),
});
export type ListSessionsQuery = z.infer<typeof ListSessionsQuery>;

/** Without `except`, one slip would end the asking device too; that is what signing out everywhere is for. */
export const EndSessionsQuery = z.strictObject({
  except: z.literal('current').describe('The asking device stays. To end all, POST /v1/auth/logout-all.'),
});
export type EndSessionsQuery = z.infer<typeof EndSessionsQuery>;

export const SessionResponse = z.object({
  id: z.uuid(),
  name: z.string(),
  device: z.object({
    browser: z.string().nullable(),
    os: z.string().nullable(),
    kind: z.enum(['desktop', 'mobile', 'tablet', 'other']),
  }),
  ip: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastActiveAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().describe('The absolute end, however much it is used.'),
  idleExpiresAt: z.iso.datetime().describe('When it ends unless it is used.'),
  current: z.boolean().describe('Whether it is the asking session.'),
  application: z
    .object({ id: z.string(), name: z.string() })
    .optional()
    .describe('What it is signed in to; left out for the account pages.'),
});

export const SessionListResponse = z.object({ items: z.array(SessionResponse), nextCursor: z.string().optional() });
