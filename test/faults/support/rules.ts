import { hasCause, TOLERANCE, type Bounds, type Facts } from './causes.js';
import { certainlyEnds, certainlyOutdates, effectOf, sessionsOf, type Session } from './effects.js';
import type { AccessToken, Call, History, Moment, Rollback } from './history.js';
import type { ApplicationId } from './settings.js';

/** A rule that was broken, by which call, and what else it takes to see it. */
export interface Violation {
  rule: string;
  call: Call;
  /** The call before it that it contradicts. */
  because?: Call;
}

/** Checks a history. None when every promise was kept. */
export function findViolations(history: History, bounds: Bounds): Violation[] {
  const facts: Facts = { ...history, ...bounds, sessions: sessionsOf(history) };
  return [
    ...acceptedAfterRevocation(facts),
    ...refreshedAfterEnd(facts),
    ...acceptedWhileDisabled(facts),
    ...refusedWithoutCause(facts),
    ...issuedTwice(facts),
    ...failedOtherThanUnavailable(facts),
    ...unansweredAtLast(facts),
    ...lostWithoutCause(facts),
  ];
}

/** REQUIREMENTS C 30: at once where it was answered, elsewhere within the bound, and for ever. */
function acceptedAfterRevocation({ calls, sessions, staleness, rollbacks }: Facts): Violation[] {
  return calls.filter(letIn).flatMap((call) => {
    const token = accessOf(call)!;
    const session = sessions.get(token.session)!;
    const because = calls.find((earlier) => {
      const ends = certainlyEnds(earlier, session) && !passesBy(rollbacks, earlier, session);
      if (!ends && !certainlyOutdates(earlier, session.person, token)) return false;
      const bound = earlier.instance === call.instance ? 0 : staleness + TOLERANCE;
      return call.sentAt > Math.max(earlier.answeredAt, putBack(rollbacks, earlier)) + bound;
    });
    return because ? [{ rule: 'let in after the revocation was answered', call, because }] : [];
  });
}

/**
 * A session that the database has lost is on no list of devices, and so not among the others: its access token, the last
 * it will get, ends with its version or its time (decision 13).
 */
function passesBy(rollbacks: Rollback[], { act, answeredAt }: Call, session: Session): boolean {
  if (act.do !== 'end the others') return false;
  return rollbacks.some(
    ({ cutAt, answersAt }) => cutAt < session.receivedAt && session.requestedAt < answersAt && answersAt < answeredAt,
  );
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
 * Of an application that is disabled nothing is accepted, whenever it was issued, and nobody signs in to it. Whoever signs
 * in or refreshes asks the database; for an access token there is the bound.
 */
function acceptedWhileDisabled(facts: Facts): Violation[] {
  const { calls, staleness, rollbacks } = facts;
  return calls.filter(isAccepted).flatMap((call) => {
    const because = calls.find((earlier) => {
      const { act, instance, answeredAt } = earlier;
      if (act.do !== 'disable the application' || effectOf(earlier) !== 'certain') return false;
      if (act.application !== applicationOf(facts, call) || mayBeEnabledBetween(calls, earlier, call)) return false;
      const bound = !accessOf(call) || instance === call.instance ? 0 : staleness + TOLERANCE;
      return call.sentAt > Math.max(answeredAt, putBack(rollbacks, earlier)) + bound;
    });
    return because ? [{ rule: 'accepted while the application was disabled', call, because }] : [];
  });
}

/** An enabling that was not answered may have taken effect at any time. */
function mayBeEnabledBetween(calls: Call[], disabling: Call, call: Call): boolean {
  return calls.some(
    (other) =>
      other.act.do === 'enable the application' &&
      effectOf(other) !== 'none' &&
      other.sentAt < call.answeredAt &&
      (effectOf(other) === 'possible' || other.answeredAt > disabling.sentAt),
  );
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

/** A connection ends with a word of why, unless its instance, or the way to it, is at an end. */
function lostWithoutCause({ calls, faults }: Facts): Violation[] {
  return calls
    .filter(({ lost }) => lost !== undefined)
    .filter(({ sentAt, answeredAt }) => !faults.some(({ from, to }) => from <= answeredAt && sentAt <= to))
    .map((call) => ({ rule: 'a connection ended without a cause', call }));
}

/** Whether the guard accepted the token of this call. Signing out is not among them: it never comes too late. */
function letIn(call: Call): boolean {
  if (!accessOf(call) || !call.answer) return false;
  // Of a knock the guard knows nothing but the token; what it lets through is then refused for its lack of a parameter.
  return call.answer.status < 300 || (call.act.do === 'knock' && call.answer.status === 400);
}

function isAccepted(call: Call): boolean {
  return letIn(call) || (NEEDS_NO_ACCESS_TOKEN.has(call.act.do) && call.answer !== null && call.answer.status < 300);
}

const NEEDS_NO_ACCESS_TOKEN = new Set<Call['act']['do']>(['sign in', 'refresh', 'replay']);

function applicationOf({ sessions }: Facts, { act }: Call): ApplicationId | undefined {
  if ('access' in act) return act.access.application;
  if ('refresh' in act) return sessions.get(act.refresh.session)!.application;
  return 'application' in act ? act.application : undefined;
}

function accessOf({ act }: Call): AccessToken | undefined {
  return 'access' in act ? act.access : undefined;
}

function isRefusal({ answer }: Call): boolean {
  return answer !== null && [401, 403, 404, 409].includes(answer.status);
}
