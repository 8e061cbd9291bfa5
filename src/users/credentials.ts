import type { UserStatus } from './user.entity.js';

/** What a password is checked against, and the state that must still hold when the check has been made. */
export interface Credentials {
  userId: string;
  email: string;
  name: string | null;
  passwordHash: string;
  status: UserStatus;
  tokenVersion: number;
}
