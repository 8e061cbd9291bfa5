import type { UserStatus } from './user.entity.js';

/** What a password is checked against, and the state that must still hold when the check has been made. */
export interface Credentials {
  userId: string;
  email: string;
  name: string | null;
  passwordHash: string;
  status: UserStatus;
  tokenVersion: number;
  /**
   * The token version of the application that is signed in to, of the same moment. Null when there is no such one, or
   * none was named: such a proof starts no session.
   */
  applicationVersion: number | null;
}

/** Who says who they are: at a sign-in, to which application too; or signed in already. */
export type Claimant = { email: string; applicationId: string } | { userId: string };
