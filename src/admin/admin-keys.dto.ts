import { z } from 'zod';
import { Reason } from '../audit/act.js';

/** RFC 7638, as the service names its keys. */
export const KeyId = z.string().regex(/^[\w-]{43}$/, 'Expected the kid of a signing key.');

export const ChangeKey = z.strictObject({ reason: Reason });
export type ChangeKey = z.infer<typeof ChangeKey>;

export const SigningKeyResponse = z.object({
  kid: z.string(),
  algorithm: z.enum(['ES256', 'RS256']),
  status: z
    .enum(['standby', 'active', 'retired', 'withdrawn'])
    .describe('active: it signs. standby: it will. retired: it did. withdrawn: what it signed is refused.'),
  published: z.boolean().describe('Whether it is in `/.well-known/jwks.json` now.'),
  sealedBy: z
    .enum(['current', 'previous', 'unknown'])
    .nullable()
    .describe(
      'Which of the keys that are set here opens its private half: KEY_ENCRYPTION_KEY, KEY_ENCRYPTION_KEY_PREVIOUS, or ' +
        'neither. Null: it has none any more.',
    ),
  createdAt: z.iso.datetime(),
  activatedAt: z.iso.datetime().nullable(),
  retiredAt: z.iso.datetime().nullable(),
  withdrawnAt: z.iso.datetime().nullable(),
});

export const KeyListResponse = z.object({ items: z.array(SigningKeyResponse) });
