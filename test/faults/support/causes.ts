import { concerns, effectOf, possiblyEnds, possiblyOutdates, raisesVersion, type Session } from './effects.js';
import type { AccessToken, ApplicationAct, Call, History, Moment, RefreshToken } from './history.js';

/**
 * What an answer may be late beyond REVOCATION_MAX_STALENESS, in milliseconds. An instance counts from the start of the
 * last read that confirmed its index, to the moment it decides, and a request is decided after it was sent: by one
 * clock there is no tolerance at all. What remains is that its two clocks count whole milliseconds and are read one
 * after the other, measured as less than one; the rest is for the moment at which an operator's commit is noted.
 */
export const TOLERANCE = 20;

/** What the instances were configured with, in milliseconds. */
export interface Bounds {
  /** REVOCATION_MAX_STALENESS */
  staleness: number;
  /** REFRESH_GRACE */
  grace: number;
}

/** All that is known when a history is judged. */
export interface Facts extends History, Bounds {
  sessions: Map<string, Session>;
}

/** Whether somebody's doing, or a loss of the database's, can be why a call was refused. */
export function hasCause(facts: Facts, call: Call): boolean {
  const { act, answer, answeredAt, person } = call;
  if (lostByRollback(facts, call)) return true;
  const before = facts.calls.filter(
    (other) => other !== call && other.sentAt < answeredAt && effectOf(other) !== 'none',
  );
  const own = before.filter((other) => concerns(other, person));
  const ends = (id: string) => mayHaveEnded(facts, before, id);
  switch (act.do) {
    case 'register':
      return own.some((other) => other.act.do === 'register');
    case 'sign in':
      if (answer?.code === 'application_disabled') return mayBeDisabled(before, call);
      return own.some((other) => CHANGES_SIGN_IN.has(other.act.do));
    case 'sign out':
      // Which access token it was done by is not told, nor needed.
      return ends(act.session) || own.some((other) => mayTakeBack(facts, other, call));
    case 'refresh':
    case 'replay':
      return ends(act.refresh.session) || isOlder(before, act.refresh) || isLate(facts, before, call);
    case 'suspend':
    case 'let in again':
    case 'give roles':
    case 'sign out a person':
    case 'end a session':
    case 'deny a token':
    case 'withdraw a key':
    case 'sign out the application':
    case 'disable the application':
    case 'enable the application':
    case 'sign out everyone':
      // The state that they found may be another one by then, and the operator's own session may have been ended.
      return true;
    default:
      return (
        ends(act.access.session) ||
        own.some((other) => possiblyOutdates(other, person, act.access)) ||
        own.some((other) => isLiftStillUnknown(facts, other, call, act.access)) ||
        (act.do === 'change the password' && own.some((other) => CHANGES_SIGN_IN.has(other.act.do))) ||
        (act.do === 'end a device' && ends(act.target))
      );
  }
}

/** That a suspension was lifted is known elsewhere as late as that there is one; of one that got no answer, later still. */
function isLiftStillUnknown({ staleness }: Facts, other: Call, call: Call, access: AccessToken): boolean {
  if (!isOfSuspension(call, other, access)) return false;
  return effectOf(other) === 'possible' || call.sentAt <= other.answeredAt + staleness + TOLERANCE;
}

/** Whether a refusal is of the kind that this other call lifts. */
function isOfSuspension({ answer }: Call, { act }: Call, { application }: AccessToken): boolean {
  // Introspection does not say why a token is not good: to who asks by it, it is `token_revoked`.
  if (act.do === 'let in again') return answer?.code === 'account_suspended' || answer?.code === 'token_revoked';
  if (act.do !== 'enable the application' || act.application !== application) return false;
  return answer?.code === 'application_disabled';
}

/** Whether the application of a sign-in was disabled before, and not certainly enabled since. The database is asked. */
function mayBeDisabled(before: Call[], { act, sentAt }: Call): boolean {
  if (act.do !== 'sign in') return false;
  const { application } = act;
  const done = (what: ApplicationAct) =>
    before.filter((other) => other.act.do === what && other.act.application === application);
  return done('disable the application').some(
    (disabling) =>
      effectOf(disabling) === 'possible' ||
      !done('enable the application').some(
        (enabling) =>
          effectOf(enabling) === 'certain' && enabling.sentAt > disabling.answeredAt && enabling.answeredAt < sentAt,
      ),
  );
}

const CHANGES_SIGN_IN = new Set<Call['act']['do']>(['change the password', 'delete the account', 'suspend']);

/** Whether a call may have taken back the access token by which a session was signed out. */
function mayTakeBack({ sessions }: Facts, other: Call, { act, person }: Call): boolean {
  if (act.do !== 'sign out') return false;
  return raisesVersion(other, person, sessions.get(act.session)!.application) || OF_TOKENS.has(other.act.do);
}

const OF_TOKENS = new Set<Call['act']['do']>(['deny a token', 'withdraw a key']);

function mayHaveEnded(facts: Facts, before: Call[], id: string): boolean {
  const session = facts.sessions.get(id)!;
  return before.some((other) => possiblyEnds(other, session) || mayCountAsReplay(facts, before, other, id));
}

/** A call that was given up may be carried out once others have gone further, or too late: to the service a replay. */
function mayCountAsReplay(facts: Facts, before: Call[], call: Call, session: string): boolean {
  const { act, answer } = call;
  if (act.do !== 'refresh' || answer !== null || act.refresh.session !== session) return false;
  return act.refresh.generation < newestOf(before, session) - 1 || isLate(facts, before, call);
}

/** Whether the same token was presented longer ago than the grace: its answer got lost, and this comes too late. */
function isLate({ grace }: Facts, before: Call[], { act, answeredAt }: Call): boolean {
  return before.some(
    (other) =>
      act.do === 'refresh' &&
      other.act.do === 'refresh' &&
      other.act.refresh.text === act.refresh.text &&
      answeredAt - other.sentAt > grace,
  );
}

/** Whether a token has a successor, as far as its owner can know; a change of password makes one that may get lost. */
function isOlder(before: Call[], { session, generation }: RefreshToken): boolean {
  const reissued = before.some(({ act }) => act.do === 'change the password' && act.access.session === session);
  return reissued || generation < newestOf(before, session);
}

function newestOf(calls: Call[], session: string): number {
  return Math.max(0, ...calls.map(({ refresh }) => (refresh?.session === session ? refresh.generation : 0)));
}

/** What came about after the state that the database went back to is not known to it. */
function lostByRollback({ rollbacks, calls }: Facts, { person, answeredAt }: Call): boolean {
  return rollbacks.some(
    ({ cutAt, answersAt }) =>
      answeredAt > cutAt &&
      calls.some((other) => concerns(other, person) && changesAnything(other) && between(other, cutAt, answersAt)),
  );
}

function between({ sentAt, answeredAt }: Call, from: Moment, to: Moment): boolean {
  return answeredAt > from && sentAt < to;
}

function changesAnything({ act }: Call): boolean {
  return act.do !== 'knock' && act.do !== 'read' && act.do !== 'hold';
}
