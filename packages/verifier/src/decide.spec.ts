import fc from 'fast-check';
import { decide, type RevocableToken } from './decide.js';
import type { RevocationEntry, RevocationKind } from './revocation-entry.js';
import { RevocationIndex } from './revocation-index.js';
import type { Refusal } from './verification-error.js';

const SUB = '01900000-0000-7000-8000-000000000001';
const SID = '9b2f6a1e-7d43-4c55-9d0e-2f1f3a8f7c11';
const JTI = '3c1d7e52-08c4-4b7e-8f6d-5b8f0a3de911';
const TOKEN: RevocableToken = {
  kid: 'k1',
  claims: { sub: SUB, client_id: 'account', sid: SID, jti: JTI, ver: 10, aver: 10 },
};
const SUBJECTS: Record<RevocationKind, string> = {
  token: JTI,
  session: SID,
  user: SUB,
  application: 'account',
  key: 'k1',
};

function makeEntry(kind: RevocationKind, changes: Partial<RevocationEntry> = {}): RevocationEntry {
  return { seq: 1, kind, subject: SUBJECTS[kind], minVersion: 0, suspended: false, expiresAt: 100, ...changes };
}

function decideOver(entries: RevocationEntry[], token = TOKEN): Refusal | null {
  const index = new RevocationIndex();
  for (const entry of entries) index.apply(entry);
  return decide(token, index);
}

/** The rules in order, the strictest first, each by itself. */
const RULES: [code: Refusal, entry: RevocationEntry][] = [
  ['token_revoked', makeEntry('key')],
  ['account_suspended', makeEntry('user', { suspended: true })],
  ['application_disabled', makeEntry('application', { suspended: true })],
  ['session_ended', makeEntry('session')],
  ['token_revoked', makeEntry('token')],
  ['token_outdated', makeEntry('user', { minVersion: 11, seq: 2 })],
  ['token_outdated', makeEntry('application', { minVersion: 11, seq: 2 })],
];

/** Entries of one subject: the latest speaks of a suspension, to every version below the highest that any names. */
function isSuspended(entries: RevocationEntry[], version: number): boolean {
  const versions = entries.map(({ minVersion }) => minVersion).filter((minVersion) => minVersion > 0);
  const concerned = versions.length === 0 || versions.some((minVersion) => version < minVersion);
  return concerned && entries.at(-1)?.suspended === true;
}

/** The same decision over a plain list, from the text of the rules. */
function decideNaively({ kid, claims }: RevocableToken, entries: RevocationEntry[]): Refusal | null {
  const of = (kind: RevocationKind, subject: string) =>
    entries.filter((entry) => entry.kind === kind && entry.subject === subject).toSorted((a, b) => a.seq - b.seq);
  const user = of('user', claims.sub);
  const application = of('application', claims.client_id);
  if (of('key', kid).length > 0) return 'token_revoked';
  if (isSuspended(user, claims.ver)) return 'account_suspended';
  if (isSuspended(application, claims.aver)) return 'application_disabled';
  if (of('session', claims.sid).length > 0) return 'session_ended';
  if (of('token', claims.jti).length > 0) return 'token_revoked';
  if (user.some((entry) => claims.ver < entry.minVersion)) return 'token_outdated';
  return application.some((entry) => claims.aver < entry.minVersion) ? 'token_outdated' : null;
}

/** What one subject goes through: each act but a sign-in raises its version and writes an entry, as the service does. */
function live(acts: string[], kind: 'user' | 'application') {
  let version = 1;
  let suspended = false;
  const log: RevocationEntry[] = [];
  const tokens: { version: number; issuedAt: number }[] = [];
  for (const act of acts) {
    if (act === 'sign in') {
      if (!suspended) tokens.push({ version, issuedAt: log.length });
      continue;
    }
    if (act !== 'change roles') suspended = act === 'suspend';
    version += 1;
    log.push(makeEntry(kind, { seq: log.length + 1, minVersion: version, suspended }));
  }
  return { log, tokens, suspended };
}

describe('decide', () => {
  it('lets a token pass that nothing speaks against', () => {
    const others = [makeEntry('user', { subject: SID }), makeEntry('session', { subject: JTI })];
    expect(decideOver([])).toBeNull();
    expect(
      decideOver([...others, makeEntry('key', { subject: 'k2' }), makeEntry('token', { subject: SUB })]),
    ).toBeNull();
  });

  it.each(RULES)('refuses with %s, whatever less strict rules say', (code, entry) => {
    const lessStrict = RULES.slice(RULES.findIndex((rule) => rule[1] === entry) + 1).map((rule) => rule[1]);
    expect(decideOver([entry])).toBe(code);
    // A later entry of the same subject would lift the suspension; these come before it.
    expect(decideOver([{ ...entry, seq: 3 }, ...lessStrict])).toBe(code);
  });

  it.each(['user', 'application'] as const)('compares the version of the %s: equal or higher passes', (kind) => {
    expect(decideOver([makeEntry(kind, { minVersion: 10 })])).toBeNull();
    expect(decideOver([makeEntry(kind, { minVersion: 9 })])).toBeNull();
    expect(decideOver([makeEntry(kind, { minVersion: 11 })])).toBe('token_outdated');
  });

  it('takes the version of the user for the user and that of the application for the application', () => {
    const claims = { ...TOKEN.claims, ver: 20, aver: 5 };
    expect(decideOver([makeEntry('user', { minVersion: 11 })], { ...TOKEN, claims })).toBeNull();
    expect(decideOver([makeEntry('application', { minVersion: 11 })], { ...TOKEN, claims })).toBe('token_outdated');
  });

  it('believes the latest word on a suspension, in whichever order it came', () => {
    const suspended = makeEntry('user', { suspended: true, seq: 1 });
    const lifted = makeEntry('user', { seq: 2, minVersion: 11 });
    expect(decideOver([suspended, lifted])).toBe('token_outdated');
    expect(decideOver([lifted, suspended])).toBe('token_outdated');
    expect(decideOver([suspended, lifted, { ...suspended, seq: 3 }])).toBe('account_suspended');
  });

  it.each(['user', 'application'] as const)('lets tokens from after a suspension of the %s pass unheard', (kind) => {
    const code = kind === 'user' ? 'account_suspended' : 'application_disabled';
    expect(decideOver([makeEntry(kind, { suspended: true, minVersion: 11 })])).toBe(code);
    expect(decideOver([makeEntry(kind, { suspended: true, minVersion: 10 })])).toBeNull();
    expect(decideOver([makeEntry(kind, { suspended: true, minVersion: 0 })])).toBe(code);
  });

  it('knows no token of a subject that is suspended, and every one of after that, however far it has read', () => {
    const acts = fc.array(fc.constantFrom('sign in', 'suspend', 'lift', 'change roles'), { maxLength: 30 });
    fc.assert(
      fc.property(acts, fc.nat(), fc.constantFrom('user' as const, 'application' as const), (steps, cut, kind) => {
        const { tokens, log, suspended } = live(steps, kind);
        const read = log.slice(0, cut % (log.length + 1));
        for (const { version, issuedAt } of tokens) {
          const claims = { ...TOKEN.claims, [kind === 'user' ? 'ver' : 'aver']: version };
          const verdict = decideOver(read, { ...TOKEN, claims });
          // Whoever has read that it was taken back refuses it; whoever has not read so far never does.
          expect(verdict !== null).toBe(read.length > issuedAt);
          if (suspended && read.length === log.length) expect(verdict).toMatch(/suspended|disabled/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with the rules read one by one, for any entries and any token', () => {
    const name = fc.constantFrom(SUB, SID, JTI, 'account', 'k1', 'k2');
    const version = fc.nat(3);
    const claims = fc.record({ sub: name, client_id: name, sid: name, jti: name, ver: version, aver: version });
    const entry = fc.record({
      kind: fc.constantFrom<RevocationKind[]>('token', 'session', 'user', 'application', 'key'),
      subject: name,
      minVersion: version,
      suspended: fc.boolean(),
      expiresAt: fc.constant(100),
    });
    fc.assert(
      fc.property(fc.record({ kid: name, claims }), fc.array(entry, { maxLength: 6 }), (token, rows) => {
        const entries = rows.map((row, i) => ({ ...row, seq: i + 1 }));
        expect(decideOver(entries.toReversed(), token)).toBe(decideNaively(token, entries));
      }),
      { numRuns: 2000 },
    );
  });
});
