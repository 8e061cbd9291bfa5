import type { AccessToken, Call, History, Moment } from './history.js';

/** A session as the answer to its sign-in told of it. */
export interface Session {
  id: string;
  person: number;
  requestedAt: Moment;
  receivedAt: Moment;
}

/** Whether a call did what it asked for. What was not answered, or with 5xx, may have been committed all the same. */
export function effectOf({ answer }: Call): 'none' | 'certain' | 'possible' {
  if (answer === null || answer.status >= 500) return 'possible';
  return answer.status < 300 || answer.code === 'refresh_token_reused' ? 'certain' : 'none';
}

export function sessionsOf({ calls }: History): Map<string, Session> {
  const sessions = new Map<string, Session>();
  for (const { act, person, access, sentAt, answeredAt } of calls) {
    if (!access || (act.do !== 'sign in' && act.do !== 'register')) continue;
    sessions.set(access.session, { id: access.session, person, requestedAt: sentAt, receivedAt: answeredAt });
  }
  return sessions;
}

/** Whether a call, if it took effect, ended this session, which it names or which was there when it was sent. */
export function certainlyEnds(call: Call, session: Session): boolean {
  if (effectOf(call) !== 'certain') return false;
  return endsByName(call, session) || (endsAmongAll(call, session) && session.receivedAt <= call.sentAt);
}

/** Whether it may have ended it: its outcome is not known, or which of the two came first. */
export function possiblyEnds(call: Call, session: Session): boolean {
  const effect = effectOf(call);
  if (effect === 'none') return false;
  if (endsByName(call, session)) return true;
  return endsAmongAll(call, session) && (effect === 'possible' || session.requestedAt < call.answeredAt);
}

/** Whether this access token is certainly outdated: it was there when the call was sent. */
export function certainlyOutdates(call: Call, person: number, token: AccessToken): boolean {
  return effectOf(call) === 'certain' && raisesVersion(call, person) && token.receivedAt <= call.sentAt;
}

export function possiblyOutdates(call: Call, person: number, token: AccessToken): boolean {
  const effect = effectOf(call);
  if (effect === 'none' || !raisesVersion(call, person)) return false;
  return effect === 'possible' || token.requestedAt < call.answeredAt;
}

function endsByName({ act, answer }: Call, { id }: Session): boolean {
  switch (act.do) {
    case 'sign out':
      return act.session === id;
    case 'end a device':
      return act.target === id;
    case 'refresh':
      return act.refresh.session === id && answer?.code === 'refresh_token_reused';
    case 'replay':
      // Within the grace it is no replay, and gets the current token again.
      return act.refresh.session === id && answer?.status !== 200;
    default:
      return false;
  }
}

function endsAmongAll({ act, person }: Call, session: Session): boolean {
  if (person !== session.person) return false;
  switch (act.do) {
    case 'end the others':
    case 'change the password':
      return act.access.session !== session.id;
    case 'sign out everywhere':
    case 'delete the account':
    case 'suspend':
      return true;
    default:
      return false;
  }
}

const RAISE = new Set<Call['act']['do']>([
  'sign out everywhere',
  'change the password',
  'delete the account',
  'suspend',
  'let in again',
  'give roles',
]);

export function raisesVersion({ act, person }: Call, of: number): boolean {
  return person === of && RAISE.has(act.do);
}
