import type { Verifier } from '@portcullis/verifier';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyAdministrationService } from '../src/keys/key-administration.service.js';
import type { RevocationDraft } from '../src/revocation/revocation-draft.js';
import { RevocationsPurgeJob } from '../src/revocation/revocations-purge.job.js';
import { RevocationsSweepJob } from '../src/revocation/revocations-sweep.job.js';
import { claimsOf, keysOf, signerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { newBackend } from './support/feed.js';
import { followed, refusalBy, startVerifier } from './support/following.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { ACT } from './support/operator.js';
import { poll } from './support/poll.js';
import { catchUp, revoke } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

/** What bounds the verifier, in seconds: the least there is. */
const LIMIT = 2;

/** Longer than that, in milliseconds. */
const LONG = LIMIT * 1_300;

/** Two instances, of which the verifier follows the second, by a way that can be lost. */
let one: Service;
let two: Service;
let way: TcpProxy;
let verifier: Verifier;

const extras = { imports: [GuardedRoutesModule] };

beforeAll(async () => {
  one = await startService({ extras });
  two = await startService({ besides: one, extras });
  way = await startProxy(two.url);
  const backend = await newBackend(one, 'account');
  verifier = await startVerifier(
    { ...two, url: way.url.replace(/\/$/, '') },
    { backend, maxStaleness: LIMIT, refetchInterval: 1, clock },
  );
});
afterAll(async () => {
  verifier.close();
  await way.close();
  await two.stop();
  await one.stop();
});

/** Moves with the service's, which a purge has to wait for. */
const clock = { now: () => Date.now() + one.db.shiftSeconds * 1000, monotonic: () => performance.now() };

/** Few subjects of each kind, so that several rules meet in one token, and an entry comes again and changes. */
const token = fc.record({ user: fc.nat(1), session: fc.nat(3), ver: fc.nat(4), aver: fc.nat(4) });
const line = fc.oneof(
  fc.record({ kind: fc.constant('session' as const), of: fc.nat(3) }),
  fc.record({ kind: fc.constant('token' as const), of: fc.nat(9) }),
  fc.record({ kind: fc.constant('user' as const), of: fc.nat(1), minVersion: fc.nat(5), suspended: fc.boolean() }),
  fc.record({ kind: fc.constant('application' as const), minVersion: fc.nat(5), suspended: fc.boolean() }),
);
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
      on: fc.nat(1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('reset' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cut' as const, 'freeze' as const),
      for: fc.constantFrom(0, 300, LONG),
      lines: fc.array(line, { maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('purge' as const), after: fc.constantFrom(20, 120) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('another epoch' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);
type Shape = typeof token extends fc.Arbitrary<infer Any> ? Any : never;
type Step = typeof step extends fc.Arbitrary<infer Any> ? Any : never;
type Line = typeof line extends fc.Arbitrary<infer Any> ? Any : never;

const guard = async (text: string) => (await send(one, '/plain', { token: text })).code;

/** The way is lost, and what is revoked then is told by nobody. */
function revokedWhileAway(how: 'cut' | 'freeze'): [Shape[], Step[]] {
  const shapes = [0, 1, 2].map((session) => ({ user: 0, session, ver: 4, aver: 4 }));
  return [
    shapes,
    [
      {
        do: how,
        for: LONG,
        lines: [
          { kind: 'session', of: 0 },
          { kind: 'token', of: 1 },
        ],
      },
    ],
  ];
}

/** Versions of the application go on from one history to the next, as they only grow. */
let base = 0;

/** One history: its tokens, what is done, and since when which of them must not be accepted. */
class History {
  readonly tokens: string[];
  readonly broken: string[] = [];
  private readonly users = [randomUUID(), randomUUID()];
  private readonly sessions = Array.from({ length: 4 }, () => randomUUID());
  private readonly jtis = Array.from({ length: 10 }, () => randomUUID());
  /** By the monotonic clock: when the guard was first seen to refuse it. */
  private readonly refusedSince = new Map<string, number>();
  private over = false;
  private watching: Promise<void>;

  constructor(device: Device, shapes: Shape[]) {
    base += 10;
    const signer = signerOf(device, Math.floor(clock.now() / 1000));
    this.tokens = shapes.map(({ user, session, ver, aver }, i) => {
      const [sub, sid, jti] = [this.users[user], this.sessions[session], this.jtis[i]];
      return signer.sign(signer.header(), signer.claims({ sub, sid, jti, ver, aver: base + aver }));
    });
    this.watching = this.watch();
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'revoke':
        return this.revoke([one, two][next.on]!, next.lines);
      case 'withdraw':
        await one.app.get(KeyAdministrationService, { strict: false }).withdraw(keysOf(one).signingKey().kid, ACT);
        return this.noteRefused();
      case 'reset':
        return way.reset();
      case 'cut':
      case 'freeze':
        way[next.do]();
        await this.revoke(one, next.lines);
        await sleep(next.for);
        return way.heal();
      case 'restart':
        await two.stop();
        two = await startService({ besides: one, extras });
        return way.aim(Number(new URL(two.url).port));
      case 'purge':
        await one.advance(next.after);
        for (const { app } of [one, two]) {
          for (const job of [RevocationsPurgeJob, RevocationsSweepJob]) await app.get(job, { strict: false }).run();
        }
        return;
      case 'another epoch':
        await one.db.query('update revocation_head set epoch = gen_random_uuid()');
        for (const instance of [one, two]) await catchUp(instance);
        return;
      default:
        return this.settle();
    }
  }

  /** Once it has followed, the verifier says of each token what the guard says. */
  async settle(): Promise<void> {
    for (const instance of [one, two]) await keysOf(instance).load();
    await catchUp(one);
    await followed(verifier, two);
    let said: (string | null)[] = [];
    const isKnown = (code: string | null) => code !== 'unavailable' && code !== 'revocation_unavailable';
    // Where it lost the way while it looked for a key, it looks again a second later.
    await poll(async () => {
      said = await Promise.all(this.tokens.map((text) => refusalBy(verifier, text)));
      return said.every(isKnown);
    });
    expect(said).toEqual(await Promise.all(this.tokens.map(guard)));
    expect(this.broken).toEqual([]);
  }

  async end(): Promise<void> {
    this.over = true;
    await this.watching;
    // Of the next history nothing may be refused for this one's sake.
    await revoke(one, { kind: 'application', subject: 'account', suspended: false });
    // Another epoch looks like a restore: what the deny-list says of the application has then been put back into its row.
    await one.db.query(`update applications set enabled = true where id = 'account'`);
    await catchUp(two);
  }

  /** All the while: no token that the guard has refused for longer than the limit is accepted. */
  private async watch(): Promise<void> {
    for (; !this.over; await sleep(5)) {
      for (const [text, since] of this.refusedSince) {
        const asked = performance.now();
        if ((await refusalBy(verifier, text)) === null && asked - since > LIMIT * 1_000) {
          this.broken.push(`${claimsOf(text).jti} accepted ${asked - since} ms after its refusal`);
        }
      }
    }
  }

  private async revoke(on: Service, lines: Line[]): Promise<void> {
    // What is lifted may be accepted before it is known here that it is.
    this.refusedSince.clear();
    await revoke(on, ...lines.map((each) => this.draft(each)));
    return this.noteRefused();
  }

  private async noteRefused(): Promise<void> {
    const now = performance.now();
    const codes = await Promise.all(this.tokens.map(guard));
    this.tokens.forEach((text, i) => {
      if (codes[i] === null) this.refusedSince.delete(text);
      else if (!this.refusedSince.has(text)) this.refusedSince.set(text, now);
    });
  }

  private draft(line: Line): Omit<RevocationDraft, 'reason' | 'actor'> {
    switch (line.kind) {
      case 'session':
        return { kind: line.kind, subject: this.sessions[line.of]!, applicationId: 'account' };
      case 'token':
        return { kind: line.kind, subject: this.jtis[line.of]!, applicationId: 'account' };
      case 'user':
        return { ...line, subject: this.users[line.of]! };
      default:
        return { ...line, subject: 'account', minVersion: base + line.minVersion };
    }
  }
}

test('whatever is revoked, and whatever becomes of the way, the server, the log and time: the verifier says in the end what the guard says, and accepts nothing past its bound', async () => {
  const shapes = fc.array(token, { minLength: 6, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(shapes, fc.array(step, { minLength: 4, maxLength: 14, size: 'max' }), async (tokens, steps) => {
      const history = new History(await Device.register(one), tokens);
      try {
        for (const next of steps) await history.take(next);
        await history.settle();
      } finally {
        await history.end();
      }
    }),
    // Chance finds these too, but not in every run.
    { numRuns: 6, endOnFailure: true, examples: (['cut', 'freeze'] as const).map(revokedWhileAway) },
  );
}, 120_000);
