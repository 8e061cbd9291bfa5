import { jest } from '@jest/globals';
import { RevocationLogRepository, type Cursor } from '../src/revocation/revocation-log.repository.js';
import { SyncConnection } from '../src/revocation/sync-connection.js';
import { revoke } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** A list of many pages, in a table of which the database has no statistics: just restored, or just filled. */
const LINES = 150_000;
const HEAD = 'select epoch, seq::int from revocation_head';
let service: Service;
let log: RevocationLogRepository;
let before: Cursor;

beforeAll(async () => {
  service = await startService();
  log = service.app.get(RevocationLogRepository, { strict: false });
  const [head] = await service.db.query<{ epoch: string; seq: number }>(HEAD);
  before = { ...head!, rowId: null };
  await service.db.query('alter table revocations set (autovacuum_enabled = false)');
  await service.db.query(
    `with head as (update revocation_head set seq = seq + ${LINES} returning seq)
     insert into revocations (seq, id, kind, subject, suspended, reason, actor, created_at, expires_at)
     select head.seq - ${LINES} + i, gen_random_uuid(), 'session', 'ended ' || i, false, 'test', 'operator:test', now(),
            case when i % 10 = 0 then now() - interval '1 s' else now() + interval '1 hour' end
       from head, generate_series(1, ${LINES}) i`,
  );
});
afterAll(() => service.stop());

test('loading hands over each live entry once, as all stood at one moment, whatever is revoked meanwhile', async () => {
  const subjects: string[] = [];
  let revoked: Promise<void> | undefined;
  const { seq } = await log.load((entries) => {
    revoked ??= revoke(service, { kind: 'session', subject: 'meanwhile' });
    subjects.push(...entries.map(({ subject }) => subject));
  });
  await revoked;
  expect(subjects.filter((subject) => subject.startsWith('ended'))).toHaveLength(LINES * 0.9);
  expect(new Set(subjects).size).toBe(subjects.length);
  expect(subjects).not.toContain('ended 10');
  expect(subjects).not.toContain('meanwhile');
  expect(seq).toBe(before.seq + LINES);
  expect((await service.db.query<{ seq: number }>(HEAD))[0]!.seq).toBe(seq + 1);
});

test('an entry that cannot be applied fails the load, and the next one finds its connection', async () => {
  await expect(
    log.load(() => {
      throw new TypeError('malformed');
    }),
  ).rejects.toThrow('malformed');
  let count = 0;
  await log.load((entries) => (count += entries.length));
  expect(count).toBeGreaterThanOrEqual(LINES * 0.9);
});

/** What the database would do for each statement that `read` sends. */
async function plansOf(read: () => Promise<unknown>): Promise<string[]> {
  const connection = service.app.get(SyncConnection, { strict: false });
  const send = jest.spyOn(connection, 'query');
  await read();
  const sent = send.mock.calls.filter(([sql]) => sql.includes('from revocations'));
  send.mockRestore();
  const plans = sent.map(([sql, parameters]) =>
    service.db.query<{ 'QUERY PLAN': string }>(`explain ${sql}`, parameters),
  );
  return (await Promise.all(plans)).map((lines) => lines.map((line) => line['QUERY PLAN']).join('\n'));
}

test.each([
  ['reading on', () => log.readAfter(before)],
  ['comparing', () => log.page(before.seq, before.seq + LINES, 60)],
])('%s walks the primary key, and does not sort the whole table for each page of it', async (_, read) => {
  const plans = await plansOf(read);
  expect(plans.length).toBeGreaterThan(0);
  for (const plan of plans) {
    expect(plan).toContain('Index Scan using revocations_pkey');
    expect(plan).not.toContain('Bitmap');
  }
});
