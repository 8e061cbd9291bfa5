import { Controller, Get, Module } from '@nestjs/common';
import type { Verifier } from '@portcullis/verifier';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import type { RevocationDraft } from '../src/revocation/revocation-draft.js';
import { AnyApplication } from '../src/common/access.js';
import { headerOf, signerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { newBackend, type Backend } from './support/feed.js';
import { followed, refusalBy, startVerifier } from './support/following.js';
import { introspect, revokeToken } from './support/oauth.js';
import { catchUp, revoke } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { tokenCorpus, type TokenCase } from './support/token-corpus.js';
import type { CorpusSigner } from './support/token-corpus/corpus-signer.js';

@AnyApplication()
@Controller('anyone')
class AnyoneController {
  @Get()
  enter() {
    return {};
  }
}

@Module({ controllers: [AnyoneController] })
class AnyoneModule {}

/** An application, one of its devices, and what it knows of revocations in its own process. */
interface Party {
  backend: Backend;
  device: Device;
  verifier: Verifier;
}

let one: Service;
let two: Service;
const parties: Party[] = [];

beforeAll(async () => {
  const extras = { imports: [AnyoneModule] };
  one = await startService({ extras });
  two = await startService({ besides: one, extras });
  for (const id of ['account', 'shop']) {
    const backend = await newBackend(one, id);
    const device = await Device.register(one, { applicationId: id });
    parties.push({ backend, device, verifier: await startVerifier(one, { backend }) });
  }
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const byGuard = async (service: Service, token: string) => (await send(service, '/anyone', { token })).code;

/** The code that refuses a token, of which guard, introspection and verifier speak with one voice; null: it is good. */
async function verdict(token: string, { backend, verifier }: Party, services = [one, two]): Promise<string | null> {
  const code = await refusalBy(verifier, token);
  for (const service of services) {
    expect(await byGuard(service, token)).toBe(code);
    const { status, body } = await introspect(service, backend, token);
    expect([status, body.active]).toEqual([200, code === null]);
    if (code !== null) expect(body).toEqual({ active: false });
  }
  return code;
}

/** Everyone knows by now what was revoked before. */
async function everyoneKnows(): Promise<void> {
  await catchUp(two);
  for (const { verifier } of parties) await followed(verifier, one);
}

/** What other applications are told of a token, and can do to it: nothing. */
async function expectNothingForOthers(token: string, owner: Party): Promise<void> {
  for (const { backend } of parties.filter((party) => party !== owner)) {
    const asked = await introspect(one, backend, token);
    const revoked = await revokeToken(one, backend, token);
    expect([asked.status, asked.body, revoked.status, revoked.body]).toEqual([200, { active: false }, 200, null]);
  }
}

describe('every way to make a wrong token, and some right ones', () => {
  test('gets one verdict from guard, introspection and verifier, at first sight and after; others are told nothing', async () => {
    const owner = parties[1]!;
    const wrong: string[] = [];
    const { length } = tokenCorpus(signerOf(owner.device).options);
    for (let place = 0; place < length; place++) {
      const { name, token, expect: expected } = freshCase(owner.device, place);
      const first = await verdict(token, owner, [one]);
      if (first !== (expected === 'accepted' ? null : expected)) wrong.push(`${name}: ${first}`);
      // Those that are good are remembered.
      if (first === null && (await verdict(token, owner, [one])) !== null) wrong.push(`${name}: another verdict`);
      await expectNothingForOthers(token, owner);
    }
    expect(wrong).toEqual([]);
    expect(await verdict(owner.device.accessToken, owner)).toBeNull();
  }, 60_000);
});

test('what its application takes back is refused by all of them, and by nobody before', async () => {
  for (const owner of parties) {
    const device = await owner.device.another({ applicationId: owner.backend.applicationId });
    expect(await verdict(device.accessToken, owner)).toBeNull();
    await revokeToken(one, owner.backend, device.accessToken);
    await everyoneKnows();
    expect(await verdict(device.accessToken, owner)).toBe('token_revoked');
    await revokeToken(two, owner.backend, device.refreshToken);
    await catchUp(one);
    await everyoneKnows();
    expect(await verdict(device.accessToken, owner)).toBe('session_ended');
  }
});

/** A line of the log, before its subject is made. */
interface Revoked {
  kind: 'token' | 'session' | 'user' | 'application';
  who: number;
  version: number;
  suspended: boolean;
}

interface Bearing {
  party: number;
  user: number;
  session: number;
  ver: number;
  aver: number;
}

type Example = [Bearing[], Revoked[]];

describe('whatever is revoked', () => {
  const seen = new Set<string | null>();

  /** Few subjects, so that lines meet tokens, and each other. */
  const line: fc.Arbitrary<Revoked> = fc.record({
    kind: fc.constantFrom<Revoked['kind']>('token', 'session', 'user', 'user', 'application'),
    who: fc.nat({ max: 1 }),
    version: fc.nat({ max: 3 }),
    suspended: fc.boolean(),
  });
  const token: fc.Arbitrary<Bearing> = fc.record({
    party: fc.nat({ max: 1 }),
    user: fc.nat({ max: 1 }),
    session: fc.nat({ max: 1 }),
    ver: fc.nat({ max: 3 }),
    aver: fc.nat({ max: 3 }),
  });

  /** What each kind does by itself, to be met in any case. */
  const plain = [
    { kind: 'token', who: 0, version: 0, suspended: false },
    { kind: 'session', who: 0, version: 0, suspended: false },
    { kind: 'user', who: 0, version: 2, suspended: false },
    { kind: 'user', who: 0, version: 2, suspended: true },
    { kind: 'application', who: 0, version: 2, suspended: true },
    { kind: 'user', who: 1, version: 2, suspended: true },
  ] satisfies Revoked[];

  test('guard, introspection and verifier agree, about tokens they have seen before and about others', async () => {
    // Lines on an application stay, so each round stands on the versions of the one before.
    let floor = 10;
    await fc.assert(
      fc.asyncProperty(
        fc.array(token, { minLength: 1, maxLength: 4 }),
        fc.array(line, { minLength: 1, maxLength: 4 }),
        async (tokens, lines) => {
          floor += 10;
          const ids = Array.from({ length: 2 }, () => ({ user: randomUUID(), session: randomUUID() }));
          const signers = parties.map(({ device }) => signerOf(device));
          const made = tokens.map(({ party, user, session, ver, aver }) => ({
            party: parties[party]!,
            jti: randomUUID(),
            make: (jti: string) =>
              sign(signers[party]!, {
                sub: ids[user]!.user,
                sid: ids[session]!.session,
                jti,
                ver,
                aver: floor + aver,
              }),
          }));
          // Applications that the round before has disabled are let in again, to begin with.
          await revoke(one, ...parties.map(({ backend }) => lineOf('application', backend.applicationId, floor)));
          await everyoneKnows();
          for (const { party, jti, make } of made) expect(await verdict(make(jti), party)).toBeNull();

          await revoke(
            one,
            ...lines.map(({ kind, who, version, suspended }): Line => {
              const owner = parties[who]!.backend.applicationId;
              if (kind === 'user') return lineOf('user', ids[who]!.user, version, suspended);
              if (kind === 'application') return lineOf('application', owner, floor + version, suspended);
              if (kind === 'session') return { kind: 'session', subject: ids[who]!.session };
              return { kind: 'token', subject: made[who % made.length]!.jti };
            }),
          );
          await everyoneKnows();
          for (const { party, jti, make } of made) {
            const known = await verdict(make(jti), party);
            seen.add(known);
            // The same token as one that nobody has seen.
            if (known !== 'token_revoked') expect(await verdict(make(randomUUID()), party)).toBe(known);
          }
        },
      ),
      {
        numRuns: 25,
        examples: plain.map((one): Example => [[{ party: 0, user: 0, session: 0, ver: 1, aver: 1 }], [one]]),
      },
    );
    expect([...seen].toSorted()).toEqual(
      [
        null,
        'account_suspended',
        'application_disabled',
        'session_ended',
        'token_outdated',
        'token_revoked',
      ].toSorted(),
    );
  }, 120_000);
});

test('a withdrawn key takes all along', async () => {
  const { kid } = headerOf(parties[0]!.device.accessToken);
  await revoke(one, { kind: 'key', subject: String(kid), permanent: true });
  await everyoneKnows();
  for (const party of parties) expect(await verdict(party.device.accessToken, party)).toBe('token_revoked');
});

const corpora = new WeakMap<Device, { madeAt: number; cases: TokenCase[] }>();

/** A case of the corpus, made within the last second: the times in it hold for two. */
function freshCase(device: Device, place: number): TokenCase {
  const known = corpora.get(device);
  if (known && Date.now() - known.madeAt < 1_000) return known.cases[place]!;
  const made = { madeAt: Date.now(), cases: tokenCorpus(signerOf(device).options) };
  corpora.set(device, made);
  return made.cases[place]!;
}

type Line = Omit<RevocationDraft, 'reason' | 'actor'>;

function lineOf(kind: 'user' | 'application', subject: string, minVersion: number, suspended = false): Line {
  return { kind, subject, minVersion, suspended };
}

function sign(signer: CorpusSigner, claims: Record<string, unknown>): string {
  return signer.sign(signer.header(), signer.claims(claims));
}
