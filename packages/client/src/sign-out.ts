import type { Core } from './core.js';
import { mayPass, type PortcullisError } from './errors.js';
import type { SessionKeeper } from './session-keeper.js';

/** Stands for a session whose id this tab never learnt: signed out before the page had loaded. */
const UNNAMED = '?';

/** Signing out takes effect here at once, and on the server as soon as it can be told. */
export interface SignOut {
  /** `pending`: the server does not know yet. Never rejects. */
  begin(): Promise<{ pending: boolean }>;
  /** Tells the server what it does not know yet. False when it still does not know. */
  retry(): Promise<boolean>;
  /** As `retry`, for who has the turn. */
  settle(): Promise<boolean>;
}

export function createSignOut({ record, calls, turn, applicationId }: Core, keeper: SessionKeeper): SignOut {
  /** The cookie names the session; `token` keeps it from being another one's. */
  async function settle(token?: string): Promise<boolean> {
    const { signOut } = record.read();
    if (!signOut) return true;
    // Refused for good: there is no session any more that this browser could end.
    if (await tell(token, 'include').then(() => false, mayPass)) return false;
    // Unless a sign-in has replaced the record since, and the cookie with it.
    if (record.read().signOut === signOut) record.write({ isAnonymous: true });
    return true;
  }

  async function tell(token: string | undefined, credentials: RequestCredentials): Promise<void> {
    try {
      await calls.call('/v1/auth/logout', { body: { applicationId }, token, credentials });
    } catch (error) {
      // The cookie is somebody else's by now.
      if ((error as Partial<PortcullisError>).code !== 'credentials_ambiguous') throw error;
      await tell(token, 'omit');
    }
  }

  const retry = async () => !record.read().signOut || turn(() => settle());

  return {
    async begin() {
      const token = keeper.held?.accessToken;
      const { session, signOut } = record.read();
      const id = keeper.held?.session.id ?? session ?? signOut;
      if (id || keeper.session.state !== 'anonymous') keeper.drop('this_tab', { signOut: id ?? UNNAMED });
      return { pending: !(await turn(() => settle(token))) };
    },
    retry,
    settle,
  };
}
