import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import type { RevocationDraft } from '../src/revocation/revocation-draft.js';
import { RevocationsPurgeJob } from '../src/revocation/revocations-purge.job.js';
import { askFeed, newBackend, type Backend, type Item } from './support/feed.js';
import { PlainFollower } from './support/plain-follower.js';
import { poll } from './support/poll.js';
import { catchUp, revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** Two instances, of which the second is stopped and started again; the followers of two applications. */
let one: Service;
let two: Service;
let backends: Backend[];

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  backends = [await newBackend(one, 'shop'), await newBackend(one, 'account')];
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

type Line = Pick<RevocationDraft, 'kind' | 'subject' | 'applicationId' | 'minVersion' | 'suspended' | 'permanent'>;

/** Few subjects of each kind, so that an entry comes again and changes. */
const SUBJECTS = Array.from({ length: 4 }, () => randomUUID());
const line = fc.oneof(
  fc
    .record({
      kind: fc.constantFrom('session' as const, 'token' as const),
      // One application each, as in life.
      subject: fc.nat(29).map((i) => `${SUBJECTS[0]!.slice(0, -2)}${10 + i}`),
    })
    .map((one): Line => ({ ...one, applicationId: Number(one.subject.at(-1)) % 2 === 0 ? 'shop' : 'account' })),
  fc.record({
    kind: fc.constantFrom('user' as const),
    subject: fc.constantFrom(...SUBJECTS),
    minVersion: fc.nat(9),
    suspended: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom('application' as const),
    subject: fc.constantFrom('shop', 'account'),
    minVersion: fc.nat(9),
  }),
  fc.constant<Line>({ kind: 'key', subject: 'a-key', permanent: true }),
);

const onEither = fc.nat(1);
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      lines: fc.array(line, { minLength: 1, maxLength: 5 }),
      on: onEither,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('burst' as const), on: onEither }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('connect' as const), follower: fc.nat(1), on: onEither }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('disconnect' as const), follower: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('purge' as const), after: fc.constantFrom(60, 600, 2_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('another epoch' as const) }) },
);

async function run(
  next: typeof step extends fc.Arbitrary<infer Step> ? Step : never,
  followers: PlainFollower[],
): Promise<void> {
  const instances = () => [one, two];
  switch (next.do) {
    case 'revoke':
      return revoke(instances()[next.on]!, ...next.lines.map(raise));
    case 'burst': {
      const lines = Array.from({ length: 600 }, () => ({
        kind: 'session' as const,
        subject: randomUUID(),
        applicationId: 'shop',
      }));
      return revoke(instances()[next.on]!, ...lines);
    }
    case 'connect':
      return followers[next.follower]!.connect(instances()[next.on]!);
    case 'disconnect':
      return followers[next.follower]!.disconnect();
    case 'restart':
      await two.stop();
      two = await startService({ besides: one });
      return;
    case 'purge':
      return purge(next.after);
    default:
      await one.db.query('update revocation_head set epoch = gen_random_uuid()');
      for (const instance of instances()) await catchUp(instance);
  }
}

let version = 1;

/** Versions only grow. */
const raise = (line: Line): Line => (line.minVersion === undefined ? line : { ...line, minVersion: ++version });

/** So many seconds later: what has expired goes from the table and from every index. */
async function purge(seconds: number): Promise<void> {
  await one.advance(seconds);
  for (const { app } of [one, two]) await app.get(RevocationsPurgeJob, { strict: false }).run();
}

const names = (items: Iterable<Item>, now: number) =>
  [...items]
    .filter(({ exp }) => (exp ?? Infinity) > now)
    .map((item) => JSON.stringify(item))
    .toSorted();

test('whatever happens to connections, instances, time and the log, a follower knows in the end what the list says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }), async (steps) => {
      await purge(7_200);
      const followers = backends.map((backend) => new PlainFollower(backend));
      for (const follower of followers) await follower.connect(one);
      for (const one of steps) await run(one, followers);
      await Promise.all([one, two].map(catchUp));
      for (const [i, follower] of followers.entries()) {
        await follower.connect(i === 0 ? two : one);
        const { seq } = syncOf(one).position!;
        await poll(() => follower.seq >= seq);
        await follower.disconnect();
        const { body } = await askFeed(one, backends[i]!);
        const now = Date.now() / 1000 + one.db.shiftSeconds + 2;
        expect(names(follower.known.values(), now)).toEqual(names(body.items, now));
      }
    }),
    { numRuns: 12 },
  );
}, 60_000);

test('without another epoch nobody loads the list twice, restarts and purges notwithstanding', async () => {
  const follower = new PlainFollower(backends[0]!);
  for (let round = 0; round < 4; round++) {
    await follower.connect(round % 2 === 0 ? one : two);
    await revoke(one, { kind: 'session', subject: randomUUID(), applicationId: 'shop' });
    await purge(1_800);
    await two.stop();
    two = await startService({ besides: one });
  }
  await follower.disconnect();
  expect(follower.reloads).toBe(1);
});
