import { z } from 'zod';

export const JwksResponse = z.object({
  keys: z.array(
    z.looseObject({ kty: z.string(), kid: z.string(), alg: z.enum(['ES256', 'RS256']), use: z.literal('sig') }),
  ),
});
