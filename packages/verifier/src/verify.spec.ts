import { generateKeyPairSync, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { tokenCorpus } from '../../../test/support/token-corpus.js';
import { CorpusSigner } from '../../../test/support/token-corpus/corpus-signer.js';
import { KeySet } from './key-set.js';
import type { RevocationEntry } from './revocation-entry.js';
import { RevocationIndex } from './revocation-index.js';
import { checkClaims } from './token-claims.js';
import { checkHeader } from './token-header.js';
import { verifySignature } from './token-signature.js';
import { VerificationError } from './verification-error.js';
import { recheck, verify, type VerifyContext } from './verify.js';

const NOW = 1_800_000_000;
const ISSUER = 'https://auth.example';
const AUDIENCE = 'https://api.example';
const CLAIMS = {
  iss: ISSUER,
  sub: '01900000-0000-7000-8000-000000000001',
  aud: AUDIENCE,
  exp: NOW + 600,
  iat: NOW,
  jti: randomUUID(),
  client_id: 'account',
  sid: randomUUID(),
  ver: NOW - 1000,
  aver: NOW - 2000,
  auth_time: NOW,
  acr: 'urn:portcullis:pwd',
  amr: ['pwd'],
  roles: ['member'],
};

const PAIRS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

function signerFor(alg: keyof typeof PAIRS): CorpusSigner {
  const { privateKey } = PAIRS[alg];
  return new CorpusSigner({ privateKey, alg, kid: alg, issuer: ISSUER, audience: AUDIENCE, claims: CLAIMS, now: NOW });
}

const signer = signerFor('ES256');

function makeContext(changes: Partial<VerifyContext> = {}): VerifyContext {
  const keys = new KeySet([
    { kid: 'ES256', alg: 'ES256', key: PAIRS.ES256.publicKey },
    { kid: 'RS256', alg: 'RS256', key: PAIRS.RS256.publicKey },
  ]);
  return { keys, index: new RevocationIndex(), issuer: ISSUER, audience: AUDIENCE, now: NOW, ...changes };
}

function outcome(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
}

const verdict = (token: string, context = makeContext()) => outcome(() => verify(token, context));
const REVOKED: RevocationEntry = {
  seq: 1,
  kind: 'session',
  subject: CLAIMS.sid,
  minVersion: 0,
  suspended: false,
  expiresAt: Infinity,
};

describe.each(['ES256', 'RS256'] as const)('the corpus of tokens, %s', (alg) => {
  const corpus = tokenCorpus(signerFor(alg).options);
  const context = makeContext();

  it.each(corpus.map((one) => [one.requirement, one.name, one.expect, one.token]))(
    '%s: %s: %s',
    (_, __, expected, token) => {
      expect(verdict(token, context)).toBe(expected);
    },
  );

  it('covers what is required of a token, and can be sent in a header', () => {
    const requirements = new Set(corpus.map((one) => one.requirement));
    for (const line of [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]) expect(requirements).toContain(`A${line}`);
    for (const { token } of corpus) expect(token).toMatch(/^[\t\x20-\x7e]{1,12288}$/);
  });

  it('names the rule that refuses, and never a part of the token', () => {
    for (const { token } of corpus.filter((one) => one.expect !== 'accepted')) {
      const error = catchError(() => verify(token, context));
      expect(error.reason).toMatch(/^[\w\s+]+$/);
      for (const part of token.split('.').filter((text) => text.length > 9)) expect(error.message).not.toContain(part);
    }
  });
});

function catchError(work: () => unknown): VerificationError {
  try {
    work();
  } catch (error) {
    return error as VerificationError;
  }
  throw new Error('nothing was thrown');
}

describe('checkHeader', () => {
  const [header, payload, signature] = signer.sign().split('.') as [string, string, string];

  // Whoever verifies the signature by other means relies on these: other libraries read base64url loosely.
  it.each([
    ['four segments', `${header}.${payload}.${signature}.${signature}`, 'not three segments'],
    ['a padded payload', `${header}.${payload}=.${signature}`, 'not base64url'],
    ['a padded signature', `${header}.${payload}.${signature}==`, 'not base64url'],
    [
      'a header that is a list',
      `${Buffer.from('[]').toString('base64url')}.${payload}.${signature}`,
      'not a JSON object',
    ],
  ])('refuses %s without a look at the signature', (_, token, reason) => {
    expect(catchError(() => checkHeader(token, makeContext().keys))).toMatchObject({ code: 'token_invalid', reason });
  });
});

describe('verify', () => {
  it('returns the claims and the key of a good token', () => {
    const context = makeContext();
    const verified = verify(signer.sign(), context);
    expect(verified).toMatchObject({ kid: 'ES256', key: context.keys.get('ES256'), claims: CLAIMS });
  });

  it.each([
    ['leading space', (token: string) => ` ${token}`],
    ['trailing space', (token: string) => `${token} `],
    ['trailing line break', (token: string) => `${token}\n`],
    ['line break between', (token: string) => token.replace('.', '.\r\n')],
    ['a character beyond Latin-1 that is cut to one within', (token: string) => token.replace('.', '\u012e')],
    ['full-width letters', (token: string) => token.replace('e', '\uff45')],
  ])('refuses a token with %s', (_, spoil) => {
    expect(verdict(spoil(signer.sign()))).toBe('token_invalid');
  });

  it('refuses a token in which any one character is another', () => {
    const token = signer.sign();
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...'AZaz09-_.+/= '), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(verdict(changed)).toBe(changed === token ? 'accepted' : 'token_invalid');
      }),
      { numRuns: 500 },
    );
  });

  it('refuses any text, and throws nothing but its own error', () => {
    const segment = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(segment).map((all) => all.join('.')),
        ),
        (text) => {
          expect(verdict(text)).toBe('token_invalid');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['exp', { exp: NOW - 5 }, 'token_expired'],
    ['exp', { exp: NOW - 4.999 }, 'accepted'],
    ['exp', { exp: NOW - 4 }, 'accepted'],
    ['iat', { iat: NOW + 5 }, 'accepted'],
    ['iat', { iat: NOW + 6 }, 'token_invalid'],
    ['nbf', { nbf: NOW + 5 }, 'accepted'],
    ['nbf', { nbf: NOW + 6 }, 'token_invalid'],
  ])('holds %s to five seconds of leeway, to the second: %j', (_, changes, expected) => {
    expect(verdict(signer.sign(undefined, signer.claims(changes)))).toBe(expected);
  });

  it('accepts nothing when it does not know the time', () => {
    expect(verdict(signer.sign(), makeContext({ now: NaN }))).toBe('token_expired');
  });

  it('accepts a token for any one of several audiences of ours', () => {
    const token = signer.sign();
    expect(verdict(token, makeContext({ audience: ['another', AUDIENCE] }))).toBe('accepted');
    expect(verdict(token, makeContext({ audience: ['another'] }))).toBe('token_invalid');
    expect(verdict(token, makeContext({ audience: [] }))).toBe('token_invalid');
  });

  it('checks the token before its revocation: a forged one learns nothing', () => {
    const context = makeContext();
    context.index.apply(REVOKED);
    const [header, payload] = signer.sign().split('.');
    expect(verdict(`${header}.${payload}.${'A'.repeat(86)}`, context)).toBe('token_invalid');
    expect(verdict(signer.sign(), context)).toBe('session_ended');
  });

  it('does the same as its parts one after the other', () => {
    const context = makeContext();
    for (const { token, expect: expected } of tokenCorpus(signer.options)) {
      const parts = () => {
        verifySignature(token, checkHeader(token, context.keys).key);
        checkClaims(token, context);
      };
      expect(outcome(parts)).toBe(expected);
    }
  });

  it('refuses a large token before it reads it', () => {
    const huge = `${'e'.repeat(50_000_000)}.e.e`;
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      expect(verdict(huge)).toBe('token_invalid');
      return performance.now() - start;
    });
    // Decoding fifty million characters takes longer; the quickest of five, as the machine may be busy.
    expect(Math.min(...times)).toBeLessThan(10);
  });
});

describe('recheck', () => {
  it('says what verify would say now, whatever changed since', () => {
    const change = fc.record({
      now: fc.integer({ min: NOW - 700, max: NOW + 700 }),
      key: fc.constantFrom('same', 'same', 'same', 'same again', 'deleted', 'another', 'back'),
      startOver: fc.boolean(),
      entry: fc.option(
        fc.record({
          kind: fc.constantFrom('token', 'session', 'user', 'application', 'key'),
          minVersion: fc.constantFrom(0, NOW),
          suspended: fc.boolean(),
        }),
        { freq: 2 },
      ),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const subjects = { token: CLAIMS.jti, session: CLAIMS.sid, user: CLAIMS.sub, application: 'account', key: 'ES256' };
    fc.assert(
      fc.property(changes, fc.constantFrom(undefined, NOW, NOW + 3), (steps, nbf) => {
        const token = signer.sign(undefined, signer.claims({ nbf }));
        const context = makeContext();
        const verified = verify(token, context);
        let gone = false;
        for (const { now, key, entry, startOver } of steps) {
          if (key === 'same again') context.keys.replace(context.keys);
          if (key === 'deleted') context.keys.delete('ES256');
          if (key === 'another') context.keys.set({ kid: 'ES256', alg: 'ES256', key: stranger });
          // Once it was away, what comes back is another object.
          gone ||= key === 'deleted' || key === 'another';
          if (key === 'back') context.keys.replace(makeContext().keys);
          if (startOver) context.index = new RevocationIndex();
          if (entry) context.index.apply({ ...REVOKED, ...entry, subject: subjects[entry.kind] });
          const expected = gone ? 'token_invalid' : verdict(token, { ...context, now });
          expect(recheck(verified, { ...context, now }) ?? 'accepted').toBe(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses once the token has expired, its key is gone, or it is revoked', () => {
    const context = makeContext();
    const verified = verify(signer.sign(), context);
    expect(recheck(verified, context)).toBeNull();
    expect(recheck(verified, { ...context, now: CLAIMS.exp + 4 })).toBeNull();
    expect(recheck(verified, { ...context, now: CLAIMS.exp + 5 })).toBe('token_expired');
    context.index.apply(REVOKED);
    expect(recheck(verified, context)).toBe('session_ended');
    context.keys.delete('ES256');
    expect(recheck(verified, context)).toBe('token_invalid');
  });
});
