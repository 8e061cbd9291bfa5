import { AuditRepository } from '../src/audit/audit.repository.js';
import { RateLimitsRepository } from '../src/limits/rate-limits.repository.js';
import { RevocationsRepository } from '../src/revocation/revocations.repository.js';
import { SessionUpkeepRepository } from '../src/sessions/session-upkeep.repository.js';
import { Device } from './support/device.js';
import { startService, type Service } from './support/service.js';

const YEAR = 365 * 24 * 3_600;
const DEAD = 1_500;
const BATCH = 500;

let service: Service;
let userId: string;

beforeAll(async () => {
  service = await startService();
  ({ userId } = await Device.register(service));
});
afterAll(() => service.stop());

const get = <T>(repository: abstract new (...given: never[]) => T): T => service.app.get(repository, { strict: false });

/** How each table is given rows that are long dead (n counts them), and a batch of its purge. */
const tables = {
  revocations: {
    rows: `(seq, id, kind, subject, suspended, reason, actor, created_at, expires_at)
      select -n, gen_random_uuid(), 'session', gen_random_uuid(), false, 'test', 'test', now(), now() - n * interval '1 s'`,
    purge: () => get(RevocationsRepository).purgeBatch(BATCH, null),
  },
  sessions: {
    rows: `(id, user_id, application_id, user_version, application_version, generation, secret_hash, rotated_at, delivery,
            device, remembered, amr, authenticated_at, created_at, last_active_at, expires_at)
      select gen_random_uuid(), $1, 'account', 1, 0, 1, '\\x00'::bytea || sha256(''), now(), 'body', '{}', false, '{pwd}',
             now(), now(), now(), now() - interval '1 year' - n * interval '1 s'`,
    purge: () => get(SessionUpkeepRepository).purgeBatch(BATCH, null),
  },
  rate_limits: {
    rows: `(key, points, expire) select n, 1, n`,
    purge: () => get(RateLimitsRepository).purgeBatch(BATCH, null),
  },
  audit_events: {
    rows: `(type, actor, details, created_at) select 'old', 'system', '{}', now() - interval '3 years' - n * interval '1 s'`,
    purge: () => get(AuditRepository).purgeBatch(YEAR, BATCH),
  },
};

async function empty(table: string): Promise<void> {
  // The audit lets nobody delete anything but its purge, which says so.
  await service.db.query(
    `do $$ begin perform set_config('portcullis.audit_purge', 'on', true); delete from ${table}; end $$`,
  );
}

for (const [table, { rows, purge }] of Object.entries(tables)) {
  test(`a batch of ${table} is as large as asked for, even where the database takes the table for an empty one`, async () => {
    const fill = () => {
      const sql = `insert into ${table} ${rows} from generate_series(1, ${DEAD}) n`;
      return service.db.query(sql, sql.includes('$1') ? [userId] : []);
    };
    await fill();
    await empty(table);
    await service.db.query(`analyze ${table}`);
    await fill();
    expect((await purge()).rows).toBe(BATCH);
    expect(await service.db.query(`select count(*)::int from ${table}`)).toEqual([{ count: DEAD - BATCH }]);
  });
}
