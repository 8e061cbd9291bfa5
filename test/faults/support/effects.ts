import { EVERYBODY, type AccessToken, type Call, type History, type Moment } from './history.js';
import type { ApplicationId } from './settings.js';

/** A session as the answer to its sign-in told of it. */
export interface Session {
  id: string;
  person: number;
  application: ApplicationId;
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
    const { session: id, application } = access;
    sessions.set(id, { id, person, application, requestedAt: sentAt, receivedAt: answeredAt });
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

/** Whether this access token is certainly taken back: by name, or it was outdated and there when the call was sent. */
export function certainlyOutdates(call: Call, person: number, token: AccessToken): boolean {
  if (effectOf(call) !== 'certain') return false;
  return names(call, token) || (raisesVersion(call, person, token.application) && token.receivedAt <= call.sentAt);
}

export function possiblyOutdates(call: Call, person: number, token: AccessToken): boolean {
  const effect = effectOf(call);
  if (effect === 'none') return false;
  if (names(call, token)) return true;
  return (
    raisesVersion(call, person, token.application) && (effect === 'possible' || token.requestedAt < call.answeredAt)
  );
}

/** Whether a call is about somebody. */
export function concerns({ person }: Call, somebody: number): boolean {
  return person === somebody || person === EVERYBODY;
}

/** Whether a call is about this application: most are about all of them. */
export function isOf({ act }: Call, application: ApplicationId): boolean {
  return !('application' in act) || act.application === application;
}

/** Another instance may sign with a withdrawn key until it hears of it: whenever the token was issued. */
function names({ act }: Call, { jti, kid }: AccessToken): boolean {
  return (act.do === 'deny a token' && act.jti === jti) || (act.do === 'withdraw a key' && act.kid === kid);
}

function endsByName({ act, answer }: Call, { id }: Session): boolean {
  switch (act.do) {
    case 'sign out':
    case 'end a session':
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

function endsAmongAll(call: Call, session: Session): boolean {
  if (!concerns(call, session.person) || !isOf(call, session.application)) return false;
  const { act } = call;
  switch (act.do) {
    case 'end the others':
    case 'change the password':
      return act.access.session !== session.id;
    case 'sign out everywhere':
    case 'delete the account':
    case 'suspend':
    case 'sign out a person':
    case 'sign out the application':
    case 'disable the application':
    case 'sign out everyone':
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
  'sign out a person',
  'sign out the application',
  'disable the application',
  'enable the application',
  'sign out everyone',
]);

export function raisesVersion(call: Call, of: number, application: ApplicationId): boolean {
  return concerns(call, of) && isOf(call, application) && RAISE.has(call.act.do);
}
