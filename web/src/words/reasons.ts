/** What the sign-in page says to somebody who has been signed out: what happened, and what to do when it was not them. */
export interface SignOutNotice {
  tone: 'calm' | 'warning';
  text: string;
}

const NOTICES: Record<string, SignOutNotice> = {
  signed_out: { tone: 'calm', text: 'You are signed out.' },
  signed_out_everywhere: { tone: 'calm', text: 'You have been signed out on all your devices.' },
  expired: { tone: 'calm', text: 'You were signed out because your time was up. Sign in to go on.' },
  ended_by_user: { tone: 'calm', text: 'This device was signed out from another one of your devices.' },
  too_many_sessions: {
    tone: 'calm',
    text: 'You signed in on another device, and this one made room: it had been unused the longest.',
  },
  password_changed: {
    tone: 'calm',
    text: 'The password of your account was changed on another device. Sign in with the new one.',
  },
  account_deleted: { tone: 'calm', text: 'The account has been deleted.' },
  refresh_token_reused: {
    tone: 'warning',
    text: 'Someone may have copied your sign-in on this device, so it was signed out. Sign in and change your password.',
  },
  account_suspended: {
    tone: 'warning',
    text: 'The account is suspended. Ask the administrator of this service.',
  },
  application_disabled: {
    tone: 'warning',
    text: 'Signing in is switched off at the moment. Ask the administrator of this service.',
  },
};

/** For a reason this page has never heard of, too: a newer service may know more. */
export function signOutNotice(reason: string): SignOutNotice {
  return Object.hasOwn(NOTICES, reason)
    ? NOTICES[reason]!
    : { tone: 'calm', text: 'You have been signed out. Sign in to go on.' };
}
