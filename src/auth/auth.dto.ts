import { z } from 'zod';
import { BUILT_IN_APPLICATION } from '../applications/applications.service.js';
import { displayName } from '../common/display-name.js';
import { normaliseEmail } from '../users/email.js';

const email = z
  .string()
  .max(320, 'An e-mail address has at most 320 characters.')
  .transform((text, context) => {
    const address = normaliseEmail(text);
    if (address !== null) return address;
    context.addIssue({ code: 'custom', message: 'Write an e-mail address, such as ada@example.com.' });
    return z.NEVER;
  });

/** The policy judges code points of the composed text (NFC); decomposed, 256 of them are 1,024 UTF-16 units at most. */
const password = z.string().min(1, 'Write the password.').max(1_024, 'Use at most 256 characters.');

/** Room for whatever token is sent here by mistake: it is to be told that it is no refresh token. */
const refreshToken = z.string().max(8_192, 'A refresh token is shorter than this.');

const applicationId = z
  .string()
  .max(63)
  .default(BUILT_IN_APPLICATION)
  .describe('The application to sign in to; the account pages when left out.');

const delivery = z
  .enum(['cookie', 'body'])
  .optional()
  .describe('How the refresh token comes: in an HttpOnly cookie (default for browsers) or in the body (for all else).');

const accessCookie = z
  .boolean()
  .default(false)
  .describe('Whether the access token comes in an HttpOnly cookie too: for pages that a server renders.');

/** Half of the mode would be of no use: the cookie could not be renewed. */
function bothInCookies({
  accessCookie,
  ...rest
}: {
  accessCookie: boolean;
  delivery?: unknown;
  refreshToken?: unknown;
}) {
  return !accessCookie || (rest.delivery !== 'body' && rest.refreshToken === undefined);
}
const bothInCookiesOr = {
  path: ['accessCookie'],
  message: 'Needs the refresh token in its cookie: leave out delivery and refreshToken.',
};

const signInFields = {
  applicationId,
  remember: z.boolean().default(false).describe('Whether to stay signed in after the browser closes.'),
  deviceName: displayName(60).optional().describe('What to call this device; from the user agent when left out.'),
  delivery,
  accessCookie,
};

export const Register = z
  .strictObject({
    email,
    password: password.describe('8 to 256 characters, none of the common ones.'),
    name: displayName(100).optional(),
    ...signInFields,
  })
  .refine(bothInCookies, bothInCookiesOr);
export type Register = z.infer<typeof Register>;

export const Login = z.strictObject({ email, password, ...signInFields }).refine(bothInCookies, bothInCookiesOr);
export type Login = z.infer<typeof Login>;

const refreshTokenFields = {
  refreshToken: refreshToken.optional().describe('Of a session with body delivery; otherwise the cookie is read.'),
  applicationId,
};

export const Refresh = z
  .strictObject({
    ...refreshTokenFields,
    accessCookie: accessCookie.describe('Begins full cookie mode; a session that is in it stays in it anyway.'),
  })
  .refine(bothInCookies, bothInCookiesOr)
  .prefault({});
export type Refresh = z.infer<typeof Refresh>;

export const Logout = z.strictObject(refreshTokenFields).prefault({});
export type Logout = z.infer<typeof Logout>;

export const Reauthenticate = z.strictObject({ password });
export type Reauthenticate = z.infer<typeof Reauthenticate>;

export const ChangePassword = z.strictObject({
  currentPassword: password,
  newPassword: password.describe('8 to 256 characters, none of the common ones.'),
});
export type ChangePassword = z.infer<typeof ChangePassword>;

export const TokenResponse = z.object({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  expiresIn: z.number().int().describe('Seconds that the access token lives.'),
  refreshToken: z.string().optional().describe('With body delivery only.'),
  session: z.object({
    id: z.uuid(),
    expiresAt: z.iso.datetime().describe('The absolute end.'),
    idleExpiresAt: z.iso.datetime().describe('When it ends unless it is used.'),
  }),
  user: z.object({
    id: z.uuid(),
    email: z.string(),
    name: z.string().nullable(),
    roles: z.array(z.string()),
    emailVerified: z.boolean(),
  }),
});
export type TokenResponse = z.infer<typeof TokenResponse>;
