import type { CorpusSigner, TokenCase } from './corpus-signer.js';

type Verdict = TokenCase['expect'];

/** What a payload can say: for whom, from whom, for how long, of which version. */
export function claimCases(signer: CorpusSigner): TokenCase[] {
  return [
    ...plainCases(signer),
    ...issuerAndAudienceCases(signer),
    ...timeCases(signer),
    ...versionCases(signer),
    ...requiredCases(signer),
  ];
}

function plainCases(signer: CorpusSigner): TokenCase[] {
  const { audience } = signer.options;
  const text = 'Zoë 🗝 \u2028 \ud800 "\\';
  const accepted: Record<string, Record<string, unknown>> = {
    'a good token': {},
    'our audience among others': { aud: ['https://other.example', audience] },
    'claims of a provider': { plan: 'pro', 'https://example.com/nested': { list: [1, 2.5, -1e-7, null, true], text } },
    'a claim named __proto__': JSON.parse('{"__proto__":{"roles":["admin"]}}') as Record<string, unknown>,
    'no roles, no methods': { roles: [], amr: [] },
  };
  return Object.entries(accepted).map(([name, changes]) => ({
    name,
    token: signer.sign(undefined, signer.claims(changes)),
    expect: 'accepted',
    requirement: 'A1',
  }));
}

function issuerAndAudienceCases(signer: CorpusSigner): TokenCase[] {
  const { issuer, audience } = signer.options;
  const issuers = [`${issuer}/`, issuer.toUpperCase(), `${issuer}.attacker.example`, issuer.slice(0, -1), ` ${issuer}`];
  const audiences = ['another', `${audience}/`, audience.toUpperCase(), `${audience}x`, audience.slice(0, -1), ''];
  const odd = [[], [''], ['another'], [audience, 1], [[audience]], { [audience]: true }, `${audience} another`, '*'];
  return [
    ...[...issuers, [issuer], { issuer }, null, ''].map((iss) => ({ iss })),
    ...[...audiences, ...odd, null, 1].map((aud) => ({ aud })),
  ].map((changes) => ({
    name: JSON.stringify(changes),
    token: signer.sign(undefined, signer.claims(changes)),
    expect: 'token_invalid',
    requirement: 'A5',
  }));
}

function timeCases(signer: CorpusSigner): TokenCase[] {
  const { now } = signer.options;
  const cases: [name: string, changes: Record<string, unknown>, expect: Verdict][] = [
    ['expired, within the leeway', { iat: now - 600, exp: now - 2 }, 'accepted'],
    ['expired, at the end of the leeway', { iat: now - 600, exp: now - 5 }, 'token_expired'],
    ['expired long ago', { iat: now - 90_000, exp: now - 89_400 }, 'token_expired'],
    ['expired before it was issued', { iat: now - 10, exp: now - 20 }, 'token_expired'],
    ['expired and for another audience', { iat: now - 600, exp: now - 60, aud: 'another' }, 'token_invalid'],
    ['exp 0', { iat: 0, exp: 0 }, 'token_expired'],
    ['exp as text', { exp: String(now + 600) }, 'token_invalid'],
    ['exp null', { exp: null }, 'token_invalid'],
    ['exp in milliseconds', { exp: (now + 600) * 1000 }, 'token_invalid'],
    ['issued just ahead of our clock', { iat: now + 3, exp: now + 603 }, 'accepted'],
    ['issued in the future', { iat: now + 30, exp: now + 630 }, 'token_invalid'],
    ['iat as text', { iat: String(now) }, 'token_invalid'],
    ['iat null', { iat: null }, 'token_invalid'],
    ['an hour of life', { iat: now - 10, exp: now + 3590 }, 'accepted'],
    ['an hour and a second of life', { iat: now - 10, exp: now + 3591 }, 'token_invalid'],
    ['a century of life', { iat: now - 10, exp: now + 3_155_760_000 }, 'token_invalid'],
    ['an old token with a new exp', { iat: now - 86_400, exp: now + 600 }, 'token_invalid'],
    ['nbf now', { nbf: now }, 'accepted'],
    ['nbf within the leeway', { nbf: now + 3 }, 'accepted'],
    ['nbf in the future', { nbf: now + 30 }, 'token_invalid'],
    ['nbf as text', { nbf: String(now) }, 'token_invalid'],
    ['nbf null', { nbf: null }, 'token_invalid'],
  ];
  return cases.map(([name, changes, expect]) => ({
    name,
    token: signer.sign(undefined, signer.claims(changes)),
    expect,
    requirement: 'A5',
  }));
}

function versionCases(signer: CorpusSigner): TokenCase[] {
  const versions = [undefined, null, -1, 1.5, '1', '', true, [1], {}, 2 ** 53, 1e300];
  return ['ver', 'aver'].flatMap((claim) =>
    versions.map((version) => ({
      name: `${claim} ${JSON.stringify(version)}`,
      token: signer.sign(undefined, signer.claims({ [claim]: version })),
      expect: 'token_invalid' as const,
      requirement: 'A11',
    })),
  );
}

function requiredCases(signer: CorpusSigner): TokenCase[] {
  const wrong: Record<string, unknown[]> = {
    iss: [],
    aud: [],
    exp: [],
    iat: [],
    sub: ['', 1, ['x'], null],
    jti: ['', 1, null],
    sid: ['', 1, null, {}],
    client_id: ['', 1, ['account'], null],
    auth_time: ['1', null],
    acr: [1, null, ['pwd']],
    amr: ['pwd', [1], null, {}],
    roles: ['admin', [['admin']], null, { admin: true }],
  };
  return Object.entries(wrong).flatMap(([claim, values]) =>
    [undefined, ...values].map((value) => ({
      name: `${claim} ${JSON.stringify(value)}`,
      token: signer.sign(undefined, signer.claims({ [claim]: value })),
      expect: 'token_invalid' as const,
      requirement: 'A1',
    })),
  );
}
