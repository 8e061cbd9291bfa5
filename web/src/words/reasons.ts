/** What the sign-in page says to somebody who has been signed out: what happened, and what to do when it was not them. */
export interface SignOutNotice {
  tone: 'calm' | 'warning';
  text: string;
}

const NOTICES: Record<string, SignOutNotice> = {
  this_tab: { tone: 'calm', text: 'You are signed out.' },
  another_tab: { tone: 'calm', text: 'You signed out in another tab.' },
  another_device: { tone: 'calm', text: 'This device was signed out from another one of your devices.' },
  signed_out_everywhere: { tone: 'calm', text: 'You have been signed out on all your devices.' },
  password_changed: {
    tone: 'calm',
    text: 'The password of your account was changed on another device. Sign in with the new one.',
  },
  expired: { tone: 'calm', text: 'Your time here was up, so you were signed out. Sign in to go on.' },
  too_many_sessions: {
    tone: 'calm',
    text: 'You signed in on another device, and this one made room: it had been unused the longest.',
  },
  account_deleted: { tone: 'calm', text: 'The account has been deleted.' },
  reused: {
    tone: 'warning',
    text: 'Someone may have copied your sign-in on this device, so it was signed out. Sign in and change your password.',
  },
  suspended: { tone: 'warning', text: 'The account is suspended. Ask the administrator of this service.' },
  ended_by_operator: { tone: 'calm', text: 'An administrator signed this device out. Sign in to go on.' },
  everyone_signed_out: { tone: 'calm', text: 'Everyone has been signed out. Sign in to go on.' },
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

/** Who left by themselves may have left this browser to somebody else: their address is not shown to whoever comes next. */
const LEFT = new Set(['this_tab', 'another_tab', 'account_deleted']);

/** Whether whoever is signed out is likely to sign in again here. */
export function mayComeBack(reason: string | undefined): boolean {
  return reason !== undefined && !LEFT.has(reason);
}
