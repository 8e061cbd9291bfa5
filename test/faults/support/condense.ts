import { concerns } from './effects.js';
import type { Act, Call, History, Moment } from './history.js';
import type { Violation } from './rules.js';

/** Lines of a person's history that are shown before and after the call in question. */
const MOST_LINES = 60;

/** What is needed to understand a violation: all that the person did with the session, acts on all of them, the faults. */
export function condense(history: History, { rule, call, because }: Violation): string {
  const sessions = new Set([call, because].flatMap((one) => (one ? sessionsIn(one) : [])));
  const start = history.calls[0]?.sentAt ?? 0;
  const concerned = history.calls.filter(
    (other) =>
      concerns(other, call.person) &&
      (sessionsIn(other).some((id) => sessions.has(id)) || sessionsIn(other).length === 0) &&
      other.sentAt <= call.answeredAt,
  );
  const lines = [
    ...concerned
      .slice(-MOST_LINES)
      .map((other) => ({ at: other.sentAt, text: describe(other, start, [call, because]) })),
    ...history.faults.map(({ name, from, to }) => ({ at: from, text: `${span(from, to, start)} *** ${name}` })),
    ...history.rollbacks.map(({ cutAt, answersAt }) => ({
      at: cutAt,
      text: `${span(cutAt, answersAt, start)} *** what was committed in this time is lost`,
    })),
  ];
  const told = lines.toSorted((a, b) => a.at - b.at).map(({ text }) => text);
  return [`${rule}: person ${call.person}`, ...told].join('\n');
}

function sessionsIn({ act, access }: Call): string[] {
  const named = 'session' in act ? act.session : 'refresh' in act ? act.refresh.session : undefined;
  const target = 'target' in act ? act.target : undefined;
  const own = 'access' in act ? act.access.session : undefined;
  return [named, target, own, access?.session].filter((id) => id !== undefined);
}

function describe(call: Call, start: Moment, marked: (Call | undefined)[]): string {
  const { act, sentAt, answeredAt, instance, answer, refresh } = call;
  const where = instance === null ? 'operator' : `on ${instance}`;
  const what = answer ? [answer.status, answer.code].filter(Boolean).join(' ') : (call.lost ?? 'no answer');
  const brought = refresh ? `, session ${short(refresh.session)} generation ${refresh.generation}` : '';
  const mark = marked.includes(call) ? '  <===' : '';
  return `${span(sentAt, answeredAt, start)} ${where}: ${describeAct(act)}: ${what}${brought}${mark}`;
}

function describeAct(act: Act): string {
  if ('refresh' in act) return `${act.do} ${short(act.refresh.session)} generation ${act.refresh.generation}`;
  if ('session' in act) return `${act.do} ${short(act.session)}`;
  if ('target' in act) return `${act.do} ${short(act.target)} by ${short(act.access.session)}`;
  if (act.do === 'hold') return `${act.as} by ${short(act.access.session)}`;
  if ('kid' in act) return `${act.do} ${act.kid}`;
  if ('application' in act) return `${act.do} ${act.application}`;
  return 'access' in act ? `${act.do} by ${short(act.access.session)}` : act.do;
}

function short(id: string): string {
  return id.slice(0, 4);
}

function span(from: Moment, to: Moment, start: Moment): string {
  const [begin, end] = [from, to].map((moment) => ((moment - start) / 1000).toFixed(2).padStart(6));
  return `${begin} – ${end} s`;
}
