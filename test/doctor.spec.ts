import { randomBytes } from 'node:crypto';
import { databaseFindings, type Finding } from '../src/cli/diagnosis.js';
import { keysOf } from './support/access-token.js';
import { newEmail, PASSWORD } from './support/device.js';
import { operate } from './support/operate.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await poll(async () => (await service.db.query('select from instances where seq is not null')).length === 1);
});
afterAll(() => service.stop());

async function doctor(env?: Record<string, string>): Promise<{ code: number; findings: Finding[] }> {
  const { code, out, err } = await operate(service, 'doctor --json', env && { env });
  if (err) throw new Error(err);
  return { code, findings: JSON.parse(out).findings };
}

const faultsOf = async (env?: Record<string, string>) => {
  const { code, findings } = await doctor(env);
  const faults = findings.filter(({ level }) => level === 'fault');
  expect(code).toBe(faults.length > 0 ? 1 : 0);
  // Every fault comes with what to do about it; of a variable the sentence itself says so.
  for (const { check, remedy } of faults) if (check !== 'configuration') expect(remedy).toMatch(/./);
  return faults.map(({ check, detail }) => `${check}: ${detail}`);
};

test('where all is well it says of what, and ends with 0', async () => {
  expect(
    (await operate(service, `user create ${newEmail()} --role admin --password-stdin`, { input: PASSWORD })).code,
  ).toBe(0);
  const { code, out } = await operate(service, 'doctor');
  expect(code).toBe(0);
  expect(out).toMatch(/^ok +configuration /);
  for (const check of ['database', 'clock', 'migrations', 'signing keys', 'instance', 'administrators']) {
    expect(out).toMatch(new RegExp(`^(ok|note) +${check}`, 'm'));
  }
  expect(out).toMatch(/PostgreSQL \d+(\.\d+)?, \d+ ms away/);
  expect(out).toMatch(/version \S+, has read all, confirmed \d+\.\d s before its last sign/);
  expect(out).toMatch(/\nNothing is at fault\.\n$/);
});

test('the configuration: every fault of it', async () => {
  expect(await faultsOf({ PORT: 'many', ACCESS_TOKEN_TTL: '2h' })).toEqual([
    expect.stringMatching(/^configuration: PORT must be/),
    expect.stringMatching(/^configuration: ACCESS_TOKEN_TTL must be/),
  ]);
});

test('a database that is not there, or does not let us in', async () => {
  expect(await faultsOf({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' })).toEqual([
    expect.stringMatching(/^database: .*ECONNREFUSED/),
  ]);
  const elsewhere = service.config.databaseUrl.replace(/\/[^/]+$/, '/not_there');
  expect(await faultsOf({ DATABASE_URL: elsewhere })).toEqual([expect.stringMatching(/^database: .*does not exist/)]);
});

test('pending migrations, by name', async () => {
  const [last] = await service.db.query<{ name: string }>(
    'delete from migrations where id = (select max(id) from migrations) returning *',
  );
  expect(await faultsOf()).toEqual([`migrations: one migration pending: ${last!.name}`]);
  await service.db.query('insert into migrations (timestamp, name) values ($1, $2)', [
    Number(/\d+$/.exec(last!.name)?.[0]),
    last!.name,
  ]);
  expect(await faultsOf()).toEqual([]);
});

test('another KEY_ENCRYPTION_KEY than the service has; a previous one that is in use, and one that can go', async () => {
  const other = randomBytes(32).toString('base64');
  expect(await faultsOf({ KEY_ENCRYPTION_KEY: other })).toEqual([
    expect.stringMatching(/^signing keys: KEY_ENCRYPTION_KEY does not open /),
  ]);
  const previous = service.config.keyEncryptionKey.toString('base64');
  const sealing = async (env: Record<string, string>) =>
    (await doctor(env)).findings.find(({ check }) => check === 'key encryption');
  expect(await sealing({ KEY_ENCRYPTION_KEY: other, KEY_ENCRYPTION_KEY_PREVIOUS: previous })).toMatchObject({
    level: 'note',
    detail: '2 signing keys still sealed under the previous key',
    remedy: expect.stringContaining('key reseal'),
  });
  expect(await sealing({ KEY_ENCRYPTION_KEY_PREVIOUS: other })).toMatchObject({
    remedy: expect.stringContaining('Take KEY_ENCRYPTION_KEY_PREVIOUS away'),
  });
});

test('no key that signs', async () => {
  await service.db.query(`update signing_keys set status = 'retired', retired_at = now()`);
  expect(await faultsOf()).toEqual(['signing keys: none that signs']);
  await keysOf(service).load();
  expect(await faultsOf()).toEqual([]);
});

test('an instance whose deny-list is stale, one that has read nothing, and one that lags', async () => {
  const add = (name: string, seq: string, confirmed: string) =>
    service.db.query(
      `insert into instances (id, name, version, refresh_keys, epoch, seq, confirmed_at, started_at, seen_at)
       select gen_random_uuid(), $1, '0.0.1', '[]', case when ${seq} is not null then epoch end, ${seq}, ${confirmed}, now(), now()
         from revocation_head`,
      [name],
    );
  await add('stale/1', 'seq', `now() - interval '9 seconds'`);
  await add('blind/2', 'null::bigint', 'null::timestamptz');
  await add('late/3', 'greatest(seq - 1, 0)', 'now()');
  expect((await faultsOf()).toSorted()).toEqual([
    expect.stringMatching(/^instance blind\/2: .*has not read the deny-list yet/),
    expect.stringMatching(/^instance stale\/1: .*confirmed 9\.0 s before/),
  ]);
  const { findings } = await doctor();
  expect(findings.filter(({ check }) => check === 'instances').map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^run different versions: /),
    'have different REFRESH_TOKEN_KEYS',
  ]);
  await service.db.query(`delete from instances where name like '%/_'`);
});

test('a clock that is apart from ours', async () => {
  await service.advance(20);
  // For a moment the instance's own deny-list looks old to it too.
  expect(await faultsOf()).toEqual(
    expect.arrayContaining([expect.stringMatching(/^clock: the database is \d+ ms ahead of this machine/)]),
  );
});

test('a standby, a server that is too old, a role that may too much', () => {
  const facts = {
    version: '18.1',
    versionNumber: 180_001,
    role: 'portcullis_service',
    superuser: false,
    mayCreate: false,
    standby: false,
    readOnly: false,
    connections: 12,
    mostConnections: 100,
    clockAhead: 3,
    roundTrip: 1,
  };
  const levels = (changes: Partial<typeof facts>) =>
    databaseFindings({ ...facts, ...changes }).map(({ level }) => level);
  expect(levels({})).toEqual(['fine', 'fine', 'fine']);
  expect(levels({ standby: true })).toEqual(['fault', 'fine', 'fine']);
  expect(levels({ readOnly: true })).toEqual(['fault', 'fine', 'fine']);
  expect(levels({ versionNumber: 130_009 })).toEqual(['fault', 'fine', 'fine']);
  expect(levels({ connections: 95 })).toEqual(['note', 'fine', 'fine']);
  expect(levels({ superuser: true })).toEqual(['fine', 'note', 'fine']);
  expect(levels({ clockAhead: -1_500 })).toEqual(['fine', 'fine', 'note']);
  expect(levels({ clockAhead: -6_000 })).toEqual(['fine', 'fine', 'fault']);
  expect(levels({ clockAhead: 6_000, roundTrip: 12_000 })).toEqual(['fine', 'fine', 'fine']);
});
