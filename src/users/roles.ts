import { z } from 'zod';

/** Who may do what operators do, over REST. */
export const ADMIN = 'admin';

/** Every access token carries all of them: 32 of 64 characters are two of the eight KiB that one may have. */
const MOST_ROLES = 32;

export const RoleName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/,
    'A role begins with a letter; letters, digits and _ . : - follow, 63 at most.',
  )
  .describe('The name of a role, such as editor.');

/** Each once, in order. */
export const Roles = z
  .array(RoleName)
  .max(MOST_ROLES, `At most ${MOST_ROLES} roles.`)
  .transform((roles) => [...new Set(roles)].toSorted());
