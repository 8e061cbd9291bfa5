import { z } from 'zod';
import { AUDIT_EVENT_TYPES } from '../audit/audit-record.js';
import { limit } from './admin.dto.js';

/** PostgreSQL has no year 0, and nothing here is older than the service. */
export const Moment = z.iso
  .datetime({ offset: true, abort: true, error: 'Expected a time in ISO 8601, such as 2026-11-22T09:30:00Z.' })
  .refine((text) => new Date(text).getUTCFullYear() >= 1970, 'Expected a time after 1970.')
  .transform((text) => new Date(text).toISOString());

const filters = {
  userId: z.uuid().optional().describe('Whom it happened to.'),
  actor: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Who did it: `user:<id>`, `operator:<name>`, `application:<id>`, `system`.'),
  type: z.enum(AUDIT_EVENT_TYPES).optional().describe('What happened.'),
  from: Moment.optional().describe('Not before this time.'),
  to: Moment.optional().describe('Before this time.'),
};

export const ListAudit = z.strictObject({
  ...filters,
  limit,
  cursor: z.string().max(100).optional().describe('The nextCursor of the page before.'),
});
export type ListAudit = z.infer<typeof ListAudit>;

export const ExportAudit = z.strictObject(filters);
export type ExportAudit = z.infer<typeof ExportAudit>;

export const AuditEntryResponse = z.object({
  id: z.string(),
  type: z.string(),
  userId: z.uuid().nullable(),
  actor: z.string(),
  sessionId: z.uuid().nullable(),
  applicationId: z.string().nullable(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  reason: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
  createdAt: z.iso.datetime(),
});

export const AuditListResponse = z.object({ items: z.array(AuditEntryResponse), nextCursor: z.string().optional() });
