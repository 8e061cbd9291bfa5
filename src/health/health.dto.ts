import { z } from 'zod';

export const livenessSchema = z.strictObject({ status: z.literal('ok') });

export const readinessSchema = z.strictObject({
  status: z.enum(['ready', 'not_ready']),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      ok: z.boolean(),
      detail: z.string().optional().meta({ description: 'What is wrong, for an operator.' }),
    }),
  ),
});
