import {
  certainlyEnds,
  certainlyOutdates,
  effectOf,
  possiblyEnds,
  possiblyOutdates,
  raisesVersion,
  sessionsOf,
  type Session,
} from './effects.js';
import type { AccessToken, Call, History, Moment, RefreshToken, Rollback } from './history.js';

/** A rule that was broken, by which call, and what else it takes to see it. */
export interface Violation {
  rule: string;
  call: Call;
  /** The call before it that it contradicts. */
  because?: Call;
}

/**
 * What an answer may be late beyond REVOCATION_MAX_STALENESS, in milliseconds. An instance counts from the start of the
 * last read that confirmed its index, to the moment it decides, and a request is decided after it was sent: by one
 * clock there is no tolerance at all. What remains is that its two clocks count whole milliseconds and are read one
 * after the other, measured as less than one; the rest is for the moment at which an operator's commit is noted.
 */
const TOLERANCE = 20;

/** What the instances were configured with, in milliseconds. */
export interface Bounds {
  /** REVOCATION_MAX_STALENESS */
  staleness: number;
  /** REFRESH_GRACE */
  grace: number;
}

/** Checks a history. None when every promise was kept. */
export function findViolations(history: History, bounds: Bounds): Violation[] {
  const facts: Facts = { ...history, ...bounds, sessions: sessionsOf(history) };
  return [
    ...acceptedAfterRevocation(facts),
    ...refreshedAfterEnd(facts),
    ...refusedWithoutCause(facts),
    ...issuedTwice(facts),
    ...failedOtherThanUnavailable(facts),
    ...unansweredAtLast(facts),
  ];
}

interface Facts extends History, Bounds {
  sessions: Map<string, Session>;
}

/** REQUIREMENTS C 30: at once where it was answered, elsewhere within the bound, and for ever. */
function acceptedAfterRevocation({ calls, sessions, staleness, rollbacks }: Facts): Violation[] {
  return calls.filter(letIn).flatMap((call) => {
    const token = accessOf(call)!;
    const session = sessions.get(token.session)!;
    const because = calls.find((earlier) => {
      if (!certainlyEnds(earlier, session) && !certainlyOutdates(earlier, session.person, token)) return false;
      const bound = earlier.instance === call.instance ? 0 : staleness + TOLERANCE;
      return call.sentAt > Math.max(earlier.answeredAt, putBack(rollbacks, earlier)) + bound;
    });
    return because ? [{ rule: 'let in after the revocation was answered', call, because }] : [];
  });
}

/** A refresh asks the database: there is no bound to wait for. */
function refreshedAfterEnd({ calls, sessions, rollbacks }: Facts): Violation[] {
  return calls.flatMap((call) => {
    const { act, answer, sentAt } = call;
    if ((act.do !== 'refresh' && act.do !== 'replay') || answer?.status !== 200) return [];
    const session = sessions.get(act.refresh.session)!;
    const because = calls.find((earlier) => {
      if (!certainlyEnds(earlier, session)) return false;
      return sentAt > Math.max(earlier.answeredAt, putBack(rollbacks, earlier));
    });
    return because ? [{ rule: 'refreshed after the session had ended', call, because }] : [];
  });
}

/**
 * Until when what the database lost of a call need not be known to all again; 0 when it lost nothing. What an operator did
 * past the instances may be lost for good, when none of them had read of it.
 */
function putBack(rollbacks: Rollback[], { answeredAt, instance }: Call): Moment {
  const lost = rollbacks.findLast(({ cutAt, answersAt }) => cutAt < answeredAt && answeredAt < answersAt);
  if (!lost) return 0;
  return instance === null ? Infinity : lost.knownAt;
}

/** Nobody is signed out, or refused, without anybody's doing; least of all because the database is in trouble. */
function refusedWithoutCause(facts: Facts): Violation[] {
  return facts.calls
    .filter((call) => isRefusal(call) && !hasCause(facts, call))
    .map((call) => ({ rule: 'refused without a cause', call }));
}

/** RFC 9700 4.14.2: of one session each generation is one token, whoever asks for it and however often. */
function issuedTwice({ calls, rollbacks }: Facts): Violation[] {
  const first = new Map<string, Call>();
  return calls.flatMap((call) => {
    const { refresh, sentAt, answeredAt } = call;
    if (!refresh || rollbacks.some(({ cutAt, answersAt }) => sentAt < answersAt && answeredAt > cutAt)) return [];
    // After a rollback the same generations are issued again.
    const past = rollbacks.filter(({ answersAt }) => answersAt < sentAt).length;
    const key = `${past} ${refresh.session} ${refresh.generation}`;
    const because = first.get(key);
    if (!because) first.set(key, call);
    return because && because.refresh!.text !== refresh.text
      ? [{ rule: 'one generation was issued twice', call, because }]
      : [];
  });
}

function failedOtherThanUnavailable({ calls }: Facts): Violation[] {
  return calls
    .filter(({ answer }) => answer !== null && answer.status >= 500 && answer.status !== 503)
    .map((call) => ({ rule: 'a failure that is not 503', call }));
}

function unansweredAtLast({ calls }: Facts): Violation[] {
  return calls
    .filter(({ last, answer }) => last && (answer === null || answer.status >= 500))
    .map((call) => ({ rule: 'not answered though everything was healed', call }));
}

/** Whether the guard accepted the token of this call. Signing out is not among them: it never comes too late. */
function letIn(call: Call): boolean {
  if (!accessOf(call) || !call.answer) return false;
  // Of a knock the guard knows nothing but the token; what it lets through is then refused for its lack of a parameter.
  return call.answer.status < 300 || (call.act.do === 'knock' && call.answer.status === 400);
}

export function accessOf({ act }: Call): AccessToken | undefined {
  return 'access' in act ? act.access : undefined;
}

function isRefusal({ answer }: Call): boolean {
  return answer !== null && [401, 403, 404, 409].includes(answer.status);
}

function hasCause(facts: Facts, call: Call): boolean {
  const { act, answer, answeredAt, person } = call;
  if (lostByRollback(facts, call)) return true;
  const before = facts.calls.filter(
    (other) => other !== call && other.sentAt < answeredAt && effectOf(other) !== 'none',
  );
  const own = before.filter((other) => other.person === person);
  const ends = (id: string) => mayHaveEnded(facts, before, id);
  switch (act.do) {
    case 'register':
      return own.some((other) => other.act.do === 'register');
    case 'sign in':
      return own.some((other) => CHANGES_SIGN_IN.has(other.act.do));
    case 'sign out':
      return ends(act.session) || own.some((other) => raisesVersion(other, person));
    case 'refresh':
    case 'replay':
      return ends(act.refresh.session) || isOlder(before, act.refresh) || isLate(facts, before, call);
    case 'suspend':
    case 'let in again':
    case 'give roles':
      return true;
    default:
      return (
        ends(act.access.session) ||
        own.some((other) => possiblyOutdates(other, person, act.access)) ||
        (answer?.code === 'account_suspended' && own.some((other) => isLiftStillUnknown(facts, other, call))) ||
        (act.do === 'change the password' && own.some((other) => CHANGES_SIGN_IN.has(other.act.do))) ||
        (act.do === 'end a device' && ends(act.target))
      );
  }
}

/** That a suspension was lifted is known elsewhere as late as that there is one. */
function isLiftStillUnknown({ staleness }: Facts, { act, answeredAt }: Call, { sentAt }: Call): boolean {
  return act.do === 'let in again' && sentAt <= answeredAt + staleness + TOLERANCE;
}

const CHANGES_SIGN_IN = new Set<Call['act']['do']>(['change the password', 'delete the account', 'suspend']);

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
      calls.some((other) => other.person === person && changesAnything(other) && between(other, cutAt, answersAt)),
  );
}

function between({ sentAt, answeredAt }: Call, from: Moment, to: Moment): boolean {
  return answeredAt > from && sentAt < to;
}

function changesAnything({ act }: Call): boolean {
  return act.do !== 'knock' && act.do !== 'read';
}
