import { decide, RevocationIndex, type RevocationEntry, type RevocationKind } from '@portcullis/verifier';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { RevocationDraft } from '../src/revocation/revocation-draft.js';
import { RevocationsService } from '../src/revocation/revocations.service.js';
import { AccountEvents } from '../src/users/account-events.js';
import { claimsOf, headerOf, signerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let handlerFails = false;

beforeAll(async () => {
  // Fewer connections than what races.
  // One person signs in on thirty devices at the same moment.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4', RATE_LIMITS: 'off' } });
  const events = service.app.get(AccountEvents, { strict: false });
  for (const name of ['sessionEnded', 'signedOutEverywhere', 'userDeleted'] as const) {
    events.on(name, async () => {
      if (handlerFails) throw new Error('the handler of a module failed');
    });
  }
});
afterEach(() => (handlerFails = false));
afterAll(() => service.stop());

interface Line {
  seq: string;
  kind: RevocationKind;
  subject: string;
  min_version: string | null;
  suspended: boolean;
}

const revocations = () => service.app.get(RevocationsService, { strict: false });
const log = () => service.db.query<Line>('select * from revocations order by seq');

/** Everything that a revocation changes. */
async function state(userId: string) {
  const rows = (sql: string) => service.db.query(sql, [userId]);
  return {
    log: await log(),
    head: await service.db.query('select epoch, seq from revocation_head'),
    user: await rows('select * from users where id = $1'),
    sessions: await rows('select id, ended_at, secret_hash from sessions where user_id = $1 order by id'),
    audit: await rows('select count(*) from audit_events where user_id = $1'),
  };
}

type Act = [name: string, act: (device: Device) => Promise<{ status: number }>];

const ACTS: Act[] = [
  ['sign out', (device) => device.send('/v1/auth/logout', { method: 'POST' })],
  ['end all others', (device) => device.send('/v1/sessions?except=current', { method: 'DELETE' })],
  ['sign out everywhere', (device) => device.send('/v1/auth/logout-all', { method: 'POST' })],
  [
    'change the password',
    (device) =>
      device.send('/v1/auth/password', {
        body: { currentPassword: device.password, newPassword: 'difference engine 1822' },
      }),
  ],
  ['delete the account', (device) => device.send('/v1/users/me', { method: 'DELETE' })],
];

describe.each(ACTS)('%s', (_, act) => {
  test('changes nothing when a module fails in its transaction: no state, no row, no token refused', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    const before = await state(device.userId);
    handlerFails = true;
    expect(await act(device)).toMatchObject({ status: 500, code: 'internal_error' });
    expect(await state(device.userId)).toEqual(before);
    expect([await device.access(), await other.access()]).toEqual([null, null]);
    expect([(await device.refresh()).status, (await other.refresh()).status]).toEqual([200, 200]);
  });

  test('changes nothing when the commit itself fails', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    await service.db.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise 'no commit' using errcode = '57014'; end $$;
       create constraint trigger refuse after insert on audit_events deferrable initially deferred
         for each row execute function refuse()`,
    );
    const before = await state(device.userId);
    expect(await act(device)).toMatchObject({ status: 503, code: 'unavailable' });
    await service.db.query('drop trigger refuse on audit_events; drop function refuse()');
    expect(await state(device.userId)).toEqual(before);
    expect([await device.access(), await other.access()]).toEqual([null, null]);
  });
});

test('concurrent revocations leave no gap, and every look at the log sees all up to its head', async () => {
  const device = await Device.register(service);
  const devices = [device, ...(await Promise.all(Array.from({ length: 29 }, () => device.another())))];
  let done = false;
  const gaps: unknown[] = [];
  const look = async () => {
    while (!done) {
      const [seen] = await service.db.query<{ head: string; last: string; count: string }>(
        `select seq as head, (select max(seq) from revocations) as last, (select count(*) from revocations) as count
           from revocation_head`,
      );
      if (seen!.head !== (seen!.last ?? '0') || seen!.head !== seen!.count) gaps.push(seen);
    }
  };
  const looking = look();
  const answers = await Promise.all(devices.map((one) => one.send('/v1/auth/logout', { method: 'POST' })));
  done = true;
  await looking;
  expect(answers.map(({ status }) => status)).toEqual(devices.map(() => 204));
  expect(gaps).toEqual([]);
  expect((await log()).map(({ seq }) => Number(seq))).toEqual((await log()).map((_, i) => i + 1));
  expect(await Promise.all(devices.map((one) => one.access()))).toEqual(devices.map(() => 'session_ended'));
});

test('lines of one change follow each other in the order given; a change without lines leaves the log alone', async () => {
  const subjects = [randomUUID(), randomUUID(), randomUUID()];
  const lines = subjects.map((subject): RevocationDraft => ({
    kind: 'session',
    subject,
    reason: 'test',
    actor: 'system',
  }));
  await revocations().commit(async () => ({ result: null, revocations: lines }));
  const before = await log();
  expect(before.slice(-3).map(({ subject }) => subject)).toEqual(subjects);
  expect(await revocations().commit(async () => ({ result: 'done', revocations: [] }))).toBe('done');
  expect(await log()).toEqual(before);
});

describe('one decision', () => {
  const entryOf = (line: Line): RevocationEntry => ({
    kind: line.kind,
    subject: line.subject,
    seq: Number(line.seq),
    minVersion: Number(line.min_version ?? 0),
    suspended: line.suspended,
    expiresAt: Infinity,
  });

  test('whatever is written into the log, the guard answers as the verifier decides, remembered token or not', async () => {
    const code = fc.constantFrom<RevocationKind[]>('token', 'session', 'user', 'application');
    const line = fc.record({
      kind: code,
      off: fc.integer({ min: -1, max: 1 }),
      suspended: fc.boolean(),
      ours: fc.boolean(),
    });
    let seen = 0;
    const property = fc.asyncProperty(fc.array(line, { maxLength: 4 }), async (drafts) => {
      const device = await Device.register(service);
      const signer = signerOf(device);
      const claims = { ...claimsOf(device.accessToken), client_id: `app-${(seen += 1)}`, aver: 5 };
      const subjects = { token: claims.jti, session: claims.sid, user: claims.sub, application: claims.client_id };
      const token = signer.sign(undefined, claims);
      expect((await send(service, '/v1/sessions/current', { token })).status).toBe(200);

      const lines = drafts.map(({ kind, off, suspended, ours }): RevocationDraft => {
        const version = { user: claims.ver, application: claims.aver, token: 0, session: 0, key: 0 }[kind];
        const subject = ours ? subjects[kind as keyof typeof subjects] : randomUUID();
        return { kind, subject, minVersion: Math.max(0, version + off), suspended, reason: 'test', actor: 'system' };
      });
      await revocations().commit(async () => ({ result: null, revocations: lines }));

      const index = new RevocationIndex();
      for (const row of await log()) index.apply(entryOf(row));
      const verdict = decide({ kid: String(headerOf(token)['kid']), claims }, index);
      const fresh = signer.sign(undefined, { ...claims, note: 'never seen before' });
      for (const each of [token, fresh])
        expect((await send(service, '/v1/sessions/current', { token: each })).code).toBe(verdict);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  test('nothing but the decision of the verifier, and the signer about its own key, looks into the index', async () => {
    const files = (await readdir('src', { recursive: true })).filter((name) => /(?<!spec)\.ts$/.test(name));
    const offenders = [];
    for (const name of files) {
      const source = await readFile(`src/${name}`, 'utf8');
      const decides = /import \{[^}]*\b(decide|recheck)\b[^}]*\} from '@portcullis\/verifier'/.test(source);
      const looks = /\bindex\.(find|has|user|session|token|application|key)\b|\.objection\(/.test(source);
      const compares =
        /\b(ver|aver|minVersion) *[<>]|[^=]> *\w+\.(ver|aver|minVersion)\b|< *\w+\.(ver|aver|minVersion)\b/.test(
          source,
        );
      if (decides || looks || compares) offenders.push(name);
    }
    const decides = ['tokens/access-token-inspection.service.ts', 'tokens/access-token-verification.ts'];
    // They ask about what is in the log, not about a token: may this key sign, has a restored database lost a line (or a
    // session that it knew the end of), what is a follower told.
    const others = [
      'keys/keys.service.ts',
      'revocation/succession.ts',
      'revocation/full-compare.ts',
      'revocation/revocations.service.ts',
      'feed/feed-frames.ts',
    ];
    expect(offenders.toSorted()).toEqual([...decides, ...others].toSorted());
  });
});
