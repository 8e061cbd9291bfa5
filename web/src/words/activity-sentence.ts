import type { Activity } from '@portcullis/client/react';

export type ActivityTopic = 'sign-in' | 'sign-out' | 'password' | 'account' | 'device' | 'alarm';

export interface ActivitySentence {
  topic: ActivityTopic;
  text: string;
  /** What to do about it, where there is something to do. */
  advice?: string;
}

/** The names of the devices that are signed in now, by the id of their session; the asking one is "this device". */
export interface KnownDevices {
  current: string | null;
  names: ReadonlyMap<string, string>;
}

type Writer = (activity: Activity, device: string) => ActivitySentence;

const WRITERS: Record<string, Writer> = {
  'account.registered': () => ({ topic: 'account', text: 'You created your account.' }),
  'account.created': () => ({ topic: 'account', text: 'An administrator created your account.' }),
  'account.suspended': () => ({
    topic: 'account',
    text: 'An administrator suspended your account, which signed out all your devices.',
  }),
  'account.restored': () => ({ topic: 'account', text: 'An administrator let your account in again.' }),
  'account.renamed': () => ({ topic: 'account', text: 'You changed your name.' }),
  'account.deleted': () => ({ topic: 'account', text: 'You deleted your account.' }),
  'account.signed_out_everywhere': ({ byYou }) => ({
    topic: 'sign-out',
    text: byYou ? 'You signed out everywhere.' : 'An administrator signed you out everywhere.',
  }),
  'account.roles_changed': ({ details }) => ({ topic: 'account', text: rolesText(details.roles) }),
  'account.claims_changed': () => ({ topic: 'account', text: 'What you may do in an application was changed.' }),
  'password.changed': ({ byYou }) => ({
    topic: 'password',
    text: byYou ? 'You changed your password.' : 'Your password was changed.',
    ...(!byYou && { advice: 'If you do not know why, ask the administrator of this service.' }),
  }),
  'session.started': (_, device) => ({ topic: 'sign-in', text: `You signed in on ${device}.` }),
  'session.reauthenticated': (_, device) => ({ topic: 'password', text: `You confirmed your password on ${device}.` }),
  'session.renamed': ({ details }) => ({
    topic: 'device',
    text: typeof details.name === 'string' ? `You named a device “${details.name}”.` : 'You renamed a device.',
  }),
  'session.ended': (activity, device) => ({ topic: 'sign-out', text: endText(activity, device) }),
  'token.denied': (_, device) => ({
    topic: 'sign-out',
    text: `An administrator withdrew one access token of ${device}. It stayed signed in.`,
  }),
  'refresh_token.reused': (_, device) => ({
    topic: 'alarm',
    text: `A copy of your sign-in on ${device} was used, so that device was signed out.`,
    advice: 'Someone may have had access to that device. Change your password to be safe.',
  }),
};

/** In plain words, also for what this page has never heard of: a newer service may tell more. */
export function activitySentence(activity: Activity, devices: KnownDevices): ActivitySentence {
  const writer = Object.hasOwn(WRITERS, activity.type) ? WRITERS[activity.type] : undefined;
  if (!writer) return { topic: 'account', text: 'Something in your account was changed.' };
  return writer(activity, deviceName(activity, devices));
}

function endText({ reason, byYou, by }: Activity, device: string): string {
  if (by === 'administrator') return `An administrator signed out ${device}.`;
  if (reason === 'signed_out') return `You signed out on ${device}.`;
  if (reason === 'ended_by_user') return `You signed out ${device} from another device.`;
  if (reason === 'too_many_sessions') return `${capital(device)} was signed out to make room for a newer device.`;
  return byYou ? `You signed out ${device}.` : `${capital(device)} was signed out.`;
}

function rolesText(roles: unknown): string {
  if (!Array.isArray(roles)) return 'Your roles were changed.';
  return roles.length === 0 ? 'Your roles were taken away.' : `Your roles were changed to ${roles.join(', ')}.`;
}

/** What it was called then goes before what it is called now; "a device" for one that is gone. */
function deviceName({ sessionId, details }: Activity, { current, names }: KnownDevices): string {
  if (sessionId !== null && sessionId === current) return 'this device';
  if (typeof details.device === 'string') return `“${details.device}”`;
  const name = sessionId === null ? undefined : names.get(sessionId);
  return name === undefined ? 'a device' : `“${name}”`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
