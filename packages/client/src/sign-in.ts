import type { Core } from './core.js';
import { asTokens } from './service-calls.js';
import type { SessionKeeper } from './session-keeper.js';
import { isTokens, type User } from './session-state.js';
import type { SignOut } from './sign-out.js';

/** A new session; null when the answer is that there is none yet. */
export type SignIn = (route: 'login' | 'register', fields: object) => Promise<User | null>;

export function createSignIn({ calls, turn, applicationId }: Core, keeper: SessionKeeper, signOut: SignOut): SignIn {
  return (route, fields) =>
    turn(async () => {
      // One that waits to be signed out is signed out before, while its cookie is still there.
      await signOut.settle();
      const answer = await calls.call(`/v1/auth/${route}`, { body: { ...fields, applicationId, delivery: 'cookie' } });
      if (route === 'register' && !isTokens(answer)) return null;
      return keeper.adopt(asTokens(answer), 'sign_in').user;
    });
}
