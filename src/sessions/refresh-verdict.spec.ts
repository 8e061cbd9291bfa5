import fc from 'fast-check';
import {
  judgeRefresh,
  type PresentedGeneration,
  type RefreshEvidence,
  type RefreshVerdict,
} from './refresh-verdict.js';

const CURRENT = 5;

const live: RefreshEvidence = {
  secret: 'current',
  alive: true,
  userStatus: 'active',
  applicationEnabled: true,
  generation: CURRENT,
  withinGrace: true,
};

const anySession = fc.record<RefreshEvidence>({
  secret: fc.constantFrom('current', 'previous', 'other'),
  alive: fc.boolean(),
  userStatus: fc.constantFrom('active', 'suspended', 'deleted'),
  applicationEnabled: fc.boolean(),
  generation: fc.integer({ min: 1, max: 20 }),
  withinGrace: fc.boolean(),
});
const anyPresented = fc.record<PresentedGeneration>({
  generation: fc.integer({ min: 1, max: 22 }),
  byBrowser: fc.boolean(),
});

type Case = [title: string, presented: number, change: Partial<RefreshEvidence>, verdict: RefreshVerdict];

/** Alike for browsers and for all else. */
const CASES: Case[] = [
  ['the current token, long after its rotation', CURRENT, { withinGrace: false }, 'rotate'],
  ['the one before, within the grace', CURRENT - 1, {}, 'repeat'],
  ['the one before, after the grace', CURRENT - 1, { withinGrace: false }, 'reused'],
  ['two before, even within the grace', CURRENT - 2, {}, 'reused'],
  ['two before, after the grace', CURRENT - 2, { withinGrace: false }, 'reused'],
  ['the first one of all', 1, {}, 'reused'],
  ['one that the database has not reached', CURRENT + 1, {}, 'ahead'],
  ['one before a re-issue, within the grace', CURRENT - 1, { secret: 'previous' }, 'invalid'],
  ['one before a re-issue, after the grace', CURRENT - 1, { secret: 'previous', withinGrace: false }, 'reused'],
  ['two before a re-issue, after the grace', CURRENT - 2, { secret: 'previous', withinGrace: false }, 'reused'],
  ['three before a re-issue, even within the grace', CURRENT - 3, { secret: 'previous' }, 'reused'],
  ['the current generation with the secret from before a re-issue', CURRENT, { secret: 'previous' }, 'invalid'],
  ['one ahead with the secret from before a re-issue', CURRENT + 1, { secret: 'previous' }, 'ahead'],
  ['the current generation with a secret that was never ours', CURRENT, { secret: 'other' }, 'invalid'],
  ['an old generation with a secret that was never ours', 1, { secret: 'other', withinGrace: false }, 'invalid'],
  ['one ahead with a secret that was never ours', CURRENT + 1, { secret: 'other' }, 'invalid'],
  ['the current token of an ended session', CURRENT, { alive: false }, 'ended'],
  ['an old token of an ended session', 1, { alive: false, withinGrace: false }, 'ended'],
  ['a token ahead of an ended session', CURRENT + 1, { alive: false }, 'ended'],
  ['the current token of a deleted account', CURRENT, { alive: false, userStatus: 'deleted' }, 'ended'],
  ['the current token of a suspended account', CURRENT, { alive: false, userStatus: 'suspended' }, 'suspended'],
  ['an old token of a suspended account', 1, { alive: false, userStatus: 'suspended' }, 'suspended'],
  ['a token of a disabled application', CURRENT, { alive: false, applicationEnabled: false }, 'disabled'],
  [
    'a token of a suspended account in a disabled application',
    CURRENT,
    { alive: false, userStatus: 'suspended', applicationEnabled: false },
    'suspended',
  ],
];

describe.each([
  ['of a browser', true],
  ['of what is no browser', false],
])('%s', (_, byBrowser) => {
  test.each(CASES)('%s', (__, generation, change, verdict) => {
    expect(judgeRefresh({ generation, byBrowser }, { ...live, ...change })).toBe(verdict);
  });
});

test('the current token within the grace: a browser gets it again, all else the next one', () => {
  expect(judgeRefresh({ generation: CURRENT, byBrowser: true }, live)).toBe('repeat');
  expect(judgeRefresh({ generation: CURRENT, byBrowser: false }, live)).toBe('rotate');
});

test('two before a re-issue, within the grace: a browser may have refreshed just before it, all else is a replay', () => {
  const reissued: RefreshEvidence = { ...live, secret: 'previous' };
  expect(judgeRefresh({ generation: CURRENT - 2, byBrowser: true }, reissued)).toBe('invalid');
  expect(judgeRefresh({ generation: CURRENT - 2, byBrowser: false }, reissued)).toBe('reused');
});

test('a token of no session is invalid', () => {
  fc.assert(fc.property(anyPresented, (presented) => expect(judgeRefresh(presented, null)).toBe('invalid')));
});

test('only the current token of a live session rotates, and only it and the one before get the same again', () => {
  fc.assert(
    fc.property(anyPresented, anySession, (presented, session) => {
      const verdict = judgeRefresh(presented, session);
      const ours = session.alive && session.secret === 'current';
      const behind = session.generation - presented.generation;
      const isHeld = presented.byBrowser && session.withinGrace;
      expect(verdict === 'rotate').toBe(ours && behind === 0 && !isHeld);
      expect(verdict === 'repeat').toBe(ours && ((behind === 0 && isHeld) || (behind === 1 && session.withinGrace)));
    }),
  );
});

test('a session is ended only for an older token of its own that the grace does not excuse', () => {
  fc.assert(
    fc.property(anyPresented, anySession, (presented, session) => {
      if (judgeRefresh(presented, session) !== 'reused') return;
      expect(session.alive).toBe(true);
      expect(session.secret).not.toBe('other');
      expect(presented.generation).toBeLessThan(session.generation);
      expect(presented.generation < session.generation - 1 || !session.withinGrace).toBe(true);
    }),
  );
});

test('a session that is not alive never gives or does anything, whatever is presented', () => {
  fc.assert(
    fc.property(anyPresented, anySession, (presented, session) => {
      const verdict = judgeRefresh(presented, { ...session, alive: false });
      expect(['ended', 'suspended', 'disabled', 'invalid']).toContain(verdict);
    }),
  );
});

test('time only opens the grace: for a token that it cannot concern the verdict depends on the generations alone', () => {
  fc.assert(
    fc.property(anyPresented, anySession, (presented, session) => {
      const behind = session.generation - presented.generation;
      if (behind === 1 || (presented.byBrowser && (behind === 0 || behind === 2))) return;
      const early = judgeRefresh(presented, { ...session, withinGrace: true });
      expect(judgeRefresh(presented, { ...session, withinGrace: false })).toBe(early);
    }),
  );
});
