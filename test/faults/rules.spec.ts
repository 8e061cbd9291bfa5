import { condense } from './support/condense.js';
import {
  EVERYBODY,
  newHistory,
  type AccessToken,
  type Act,
  type Answer,
  type Call,
  type RefreshToken,
} from './support/history.js';
import { findViolations } from './support/rules.js';
import type { ApplicationId } from './support/settings.js';

/** Milliseconds. */
const BOUNDS = { staleness: 3_000, grace: 10_000 };

const PHONE = access('phone', 110);
const LAPTOP = access('laptop', 210);

const ok = { status: 200, code: null };
const gone: Answer = { status: 401, code: 'session_ended' };
const outdated: Answer = { status: 401, code: 'token_outdated' };
const invalid: Answer = { status: 401, code: 'refresh_token_invalid' };
const letIn: Answer = { status: 400, code: 'validation_failed' };

function access(session: string, receivedAt: number, application: ApplicationId = 'account'): AccessToken {
  return {
    person: 1,
    session,
    application,
    text: session,
    kid: 'k1',
    jti: `${session} token`,
    requestedAt: receivedAt - 10,
    receivedAt,
  };
}

function refresh(generation: number, text = `phone.${generation}`): RefreshToken {
  return { person: 1, session: 'phone', generation, text };
}

/** A call that took ten milliseconds. */
function call(
  sentAt: number,
  instance: number | null,
  act: Act,
  answer: Answer | null,
  more: Partial<Call> = {},
): Call {
  return { person: 1, instance, act, sentAt, answeredAt: sentAt + 10, answer, ...more };
}

const signedIn = [
  call(100, 0, { do: 'register' }, ok, { access: PHONE, refresh: refresh(1) }),
  call(200, 1, { do: 'sign in', application: 'account' }, ok, {
    access: LAPTOP,
    refresh: { person: 1, session: 'laptop', generation: 1, text: 'laptop.1' },
  }),
];

const knock = (sentAt: number, instance: number, token: AccessToken, answer: Answer) =>
  call(sentAt, instance, { do: 'knock', access: token }, answer);
const refreshing = (sentAt: number, presented: RefreshToken, answer: Answer | null, brought?: RefreshToken) =>
  call(sentAt, 0, { do: 'refresh', refresh: presented }, answer, brought && { refresh: brought });

/** The rules that a history breaks. */
function broken(calls: Call[], more: Partial<ReturnType<typeof newHistory>> = {}): string[] {
  const history = { ...newHistory(), calls: [...signedIn, ...calls], ...more };
  return findViolations(history, BOUNDS).map(({ rule }) => rule);
}

const out = call(1_000, 0, { do: 'sign out', session: 'phone' }, ok);

describe('a revoked token', () => {
  const rule = ['let in after the revocation was answered'];

  test('is refused at once where the revocation was answered', () => {
    expect(broken([out, knock(1_011, 0, PHONE, letIn)])).toEqual(rule);
    expect(broken([out, knock(1_011, 0, PHONE, gone)])).toEqual([]);
  });

  test('may pass elsewhere up to the bound, and not after it', () => {
    expect(broken([out, knock(3_900, 1, PHONE, letIn)])).toEqual([]);
    expect(broken([out, knock(4_050, 1, PHONE, letIn)])).toEqual(rule);
  });

  test('may pass as long as the revocation was not answered', () => {
    expect(broken([knock(1_005, 0, PHONE, letIn), out])).toEqual([]);
    expect(broken([{ ...out, answer: null }, knock(9_000, 0, PHONE, letIn)])).toEqual([]);
    expect(broken([{ ...out, answer: { status: 503, code: 'unavailable' } }, knock(9_000, 0, PHONE, letIn)])).toEqual(
      [],
    );
  });

  test.each<[string, Act]>([
    ['ended by another device', { do: 'end a device', access: LAPTOP, target: 'phone' }],
    ['among the others', { do: 'end the others', access: LAPTOP }],
    ['signed out everywhere', { do: 'sign out everywhere', access: LAPTOP }],
    ['of another password', { do: 'change the password', access: LAPTOP }],
    ['of a deleted account', { do: 'delete the account', access: LAPTOP }],
    ['of a suspended account', { do: 'suspend' }],
    ['of other roles', { do: 'give roles' }],
    ['of a person signed out by an operator', { do: 'sign out a person' }],
    ['of a session ended by an operator', { do: 'end a session', session: 'phone' }],
    ['denied by its name', { do: 'deny a token', session: 'phone', jti: 'phone token' }],
  ])('is also one %s', (_what, act) => {
    const revocation = call(1_000, 2, act, ok);
    expect(broken([revocation, knock(1_020, 2, PHONE, letIn)])).toEqual(rule);
    expect(broken([revocation, knock(1_020, 2, PHONE, gone)])).toEqual([]);
  });

  test.each<[string, Act]>([
    ['whose key was withdrawn', { do: 'withdraw a key', kid: 'k1' }],
    ['of an application that was signed out', { do: 'sign out the application', application: 'account' }],
    ['of everyone', { do: 'sign out everyone' }],
  ])('is also one %s, whoever bears it', (_what, act) => {
    const revocation = { ...call(1_000, 2, act, ok), person: EVERYBODY };
    expect(broken([revocation, knock(1_020, 2, PHONE, letIn)])).toEqual(rule);
    expect(broken([revocation, knock(1_020, 2, PHONE, { status: 401, code: 'token_revoked' })])).toEqual([]);
  });

  test('of a withdrawn key is refused whenever it was issued, and one of another key is not', () => {
    const withdrawal = { ...call(1_000, 0, { do: 'withdraw a key', kid: 'k1' }, ok), person: EVERYBODY };
    const later = access('phone', 1_100);
    expect(broken([withdrawal, knock(1_200, 0, later, letIn)])).toEqual(rule);
    const revoked = { status: 401, code: 'token_revoked' };
    expect(broken([withdrawal, knock(1_200, 0, { ...later, kid: 'k2' }, revoked)])).toEqual([
      'refused without a cause',
    ]);
  });

  test('lets no message through, and no connection stay open', () => {
    for (const as of ['socket', 'events'] as const) {
      const hold: Act = { do: 'hold', as, access: PHONE };
      expect(broken([out, call(4_050, 1, hold, ok)])).toEqual(rule);
      expect(broken([call(900, 1, hold, ok), out, call(3_900, 1, hold, ok), call(4_050, 1, hold, gone)])).toEqual([]);
    }
  });

  test('is not one that came after the revocation, nor the one that is spared', () => {
    const roles = call(1_000, 0, { do: 'give roles' }, ok);
    const newer = access('phone', 1_030);
    expect(broken([roles, knock(1_040, 0, newer, letIn)])).toEqual([]);
    const others = call(1_000, 0, { do: 'end the others', access: LAPTOP }, ok);
    expect(broken([others, knock(1_040, 0, LAPTOP, letIn)])).toEqual([]);
  });

  test('stays refused when the database forgets it, once it can have been put back', () => {
    const rollbacks = [{ cutAt: 900, answersAt: 2_000, knownAt: 2_500 }];
    expect(broken([out, knock(5_000, 1, PHONE, letIn)], { rollbacks })).toEqual([]);
    expect(broken([out, knock(5_600, 1, PHONE, letIn)], { rollbacks })).toEqual(rule);
  });

  test('which the database has lost with its session is none of the others, but outdated as all are', () => {
    const rollbacks = [{ cutAt: 50, answersAt: 900, knownAt: 950 }];
    const others = call(1_000, 0, { do: 'end the others', access: LAPTOP }, ok);
    expect(broken([others, knock(1_020, 0, PHONE, letIn)], { rollbacks })).toEqual([]);
    const everywhere = call(1_000, 0, { do: 'sign out everywhere', access: LAPTOP }, ok);
    expect(broken([everywhere, knock(1_020, 0, PHONE, letIn)], { rollbacks })).toEqual(rule);
  });
});

test('an ended session is refreshed nowhere', () => {
  const after = refreshing(1_011, refresh(1), ok, refresh(2));
  expect(broken([out, after])).toEqual(['refreshed after the session had ended']);
  expect(broken([{ ...after, sentAt: 1_005 }, out])).toEqual([]);
});

describe('nobody is refused without a cause', () => {
  const rule = ['refused without a cause'];

  test('neither a token nor a refresh nor a sign-in', () => {
    expect(broken([knock(1_000, 0, PHONE, gone)])).toEqual(rule);
    expect(broken([knock(1_000, 0, PHONE, outdated)])).toEqual(rule);
    expect(broken([refreshing(1_000, refresh(1), invalid)])).toEqual(rule);
    expect(
      broken([call(1_000, 0, { do: 'sign in', application: 'account' }, { status: 401, code: 'credentials_invalid' })]),
    ).toEqual(rule);
    expect(
      broken([
        call(1_000, 0, { do: 'end a device', access: LAPTOP, target: 'phone' }, { status: 404, code: 'not_found' }),
      ]),
    ).toEqual(rule);
  });

  test('nor because an answer was lost', () => {
    const lost = refreshing(1_000, refresh(1), null);
    const reused = { status: 401, code: 'refresh_token_reused' };
    expect(broken([lost, refreshing(1_100, refresh(1), reused)])).toEqual(rule);
    expect(broken([lost, refreshing(10_900, refresh(1), reused)])).toEqual(rule);
    expect(broken([lost, refreshing(11_100, refresh(1), reused)])).toEqual([]);
  });

  test('nor by what others do, or what was refused itself', () => {
    expect(broken([{ ...call(900, 0, { do: 'suspend' }, ok), person: 2 }, knock(1_000, 0, PHONE, gone)])).toEqual(rule);
    expect(broken([{ ...out, answer: gone }, knock(1_100, 0, PHONE, gone)])).toEqual([...rule, ...rule]);
  });

  test('what may have been committed is a cause, and so is a replay', () => {
    expect(broken([{ ...out, answer: null }, knock(9_000, 0, PHONE, gone)])).toEqual([]);
    const rotated = [refreshing(300, refresh(1), ok, refresh(2)), refreshing(400, refresh(2), ok, refresh(3))];
    const replay = call(500, 0, { do: 'replay', refresh: refresh(1) }, { status: 401, code: 'refresh_token_reused' });
    expect(broken([...rotated, replay, knock(600, 0, PHONE, gone)])).toEqual([]);
  });

  test('what a database that went back has lost is a cause', () => {
    const rollbacks = [{ cutAt: 50, answersAt: 900, knownAt: 950 }];
    expect(broken([refreshing(1_000, refresh(1), invalid)], { rollbacks })).toEqual([]);
  });
});

describe('an application that is disabled', () => {
  const rule = ['accepted while the application was disabled'];
  const disabledCode: Answer = { status: 403, code: 'application_disabled' };
  const SHOP = access('shop', 310, 'shop');
  const LATE = access('late', 1_005, 'shop');
  const tokenOf = ({ session }: AccessToken, generation = 1): RefreshToken => ({
    person: 1,
    session,
    generation,
    text: `${session}.${generation}`,
  });
  const byAll = (sentAt: number, act: 'disable the application' | 'enable the application', answer: Answer | null) => ({
    ...call(sentAt, 0, { do: act, application: 'shop' }, answer),
    person: EVERYBODY,
  });
  const signIn = (sentAt: number, answer: Answer, brought?: AccessToken) =>
    call(sentAt, 1, { do: 'sign in', application: 'shop' }, answer, {
      ...(brought && { access: brought, refresh: tokenOf(brought) }),
    });
  // Which of the two came first cannot be told.
  const before = [signIn(300, ok, SHOP), { ...signIn(990, ok, LATE), answeredAt: 1_005 }];
  const disabled = byAll(1_000, 'disable the application', ok);
  const enabled = byAll(5_000, 'enable the application', ok);

  test('lets nobody sign in to it, nor refresh', () => {
    const fresh = access('fresh', 1_110, 'shop');
    expect(broken([...before, disabled, signIn(1_011, ok, fresh)])).toEqual(rule);
    expect(broken([...before, disabled, signIn(1_011, disabledCode)])).toEqual([]);
    expect(broken([...before, disabled, refreshing(1_011, tokenOf(LATE), ok, tokenOf(LATE, 2))])).toEqual(rule);
    expect(broken([...before, disabled, refreshing(1_011, tokenOf(LATE), disabledCode)])).toEqual([]);
  });

  test('accepts no token of it, whenever it was issued, up to the bound elsewhere', () => {
    expect(broken([...before, disabled, knock(1_011, 0, LATE, ok)])).toEqual(rule);
    expect(broken([...before, disabled, knock(3_900, 1, LATE, ok)])).toEqual([]);
    expect(broken([...before, disabled, knock(4_050, 1, LATE, ok)])).toEqual(rule);
    expect(broken([...before, disabled, knock(4_050, 1, LATE, disabledCode)])).toEqual([]);
  });

  test('and one that may have been enabled since does, but for what was before', () => {
    const fresh = access('fresh', 5_110, 'shop');
    const since = [...before, disabled, enabled, signIn(5_100, ok, fresh)];
    expect(broken([...since, knock(9_000, 1, fresh, ok)])).toEqual([]);
    expect(broken([...since, knock(9_000, 1, SHOP, ok)])).toEqual(['let in after the revocation was answered']);
    const maybe = byAll(900, 'enable the application', null);
    expect(broken([...before, maybe, disabled, signIn(1_011, ok, fresh)])).toEqual([]);
  });

  test('is a cause for what is of it, and for nothing else', () => {
    expect(broken([...before, disabled, knock(1_200, 0, PHONE, outdated)])).toEqual(['refused without a cause']);
    const out = {
      ...call(1_000, 0, { do: 'sign out the application', application: 'account' }, ok),
      person: EVERYBODY,
    };
    expect(broken([...before, out, knock(1_200, 0, SHOP, outdated)])).toEqual(['refused without a cause']);
    expect(broken([...before, out, knock(1_200, 0, PHONE, outdated)])).toEqual([]);
  });

  test('and enabled again signs nobody out: its end is a cause no longer than it takes to be known', () => {
    const fresh = access('fresh', 5_110, 'shop');
    const since = [...before, disabled, enabled, signIn(5_100, ok, fresh)];
    expect(broken([...since, knock(8_000, 1, fresh, disabledCode)])).toEqual([]);
    expect(broken([...since, knock(8_050, 1, fresh, disabledCode)])).toEqual(['refused without a cause']);
    expect(broken([...since, knock(6_000, 1, fresh, outdated)])).toEqual(['refused without a cause']);
    expect(broken([...since, refreshing(5_200, tokenOf(fresh), gone)])).toEqual(['refused without a cause']);
    expect(broken([...since, signIn(5_200, disabledCode)])).toEqual(['refused without a cause']);
    expect(
      broken([...before, byAll(1_000, 'disable the application', null), enabled, signIn(5_200, disabledCode)]),
    ).toEqual([]);
  });
});

test('a connection ends with a word of why, or with its instance', () => {
  const hold: Act = { do: 'hold', as: 'socket', access: PHONE };
  const lost = { ...call(1_000, 1, hold, null), answeredAt: 2_000, lost: 'closed with 1006' };
  expect(broken([lost])).toEqual(['a connection ended without a cause']);
  expect(broken([lost], { faults: [{ name: 'instance 1: killed', from: 1_900, to: 4_000 }] })).toEqual([]);
  expect(broken([lost], { faults: [{ name: 'instance 1: killed', from: 2_100, to: 4_000 }] })).toHaveLength(1);
  expect(broken([call(1_000, 1, hold, gone)])).toEqual(['refused without a cause']);
});

test('one generation of a session is one token', () => {
  const twice = [refreshing(300, refresh(1), ok, refresh(2)), refreshing(305, refresh(1), ok, refresh(2, 'another'))];
  expect(broken(twice)).toEqual(['one generation was issued twice']);
  expect(broken([twice[0]!, { ...twice[1]!, refresh: refresh(2) }])).toEqual([]);
});

test('what cannot be done is 503 and nothing else, and is over once all is healed', () => {
  expect(broken([refreshing(300, refresh(1), { status: 500, code: 'internal' })])).toEqual([
    'a failure that is not 503',
  ]);
  const unavailable = refreshing(300, refresh(1), { status: 503, code: 'unavailable' });
  expect(broken([unavailable])).toEqual([]);
  expect(broken([{ ...unavailable, last: true }])).toEqual(['not answered though everything was healed']);
});

test('a failure is told with what led to it and marks the calls that contradict each other', () => {
  const faults = [{ name: 'instance 1: frozen', from: 700, to: 1_900 }];
  const history = { ...newHistory(), faults, calls: [...signedIn, out, knock(1_011, 0, PHONE, letIn)] };
  const [violation] = findViolations(history, BOUNDS);
  const lines = condense(history, violation!).split('\n');
  expect(lines).toHaveLength(5);
  expect(lines.filter((line) => line.endsWith('<==='))).toHaveLength(2);
  expect(lines[2]).toContain('*** instance 1: frozen');
});
