import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { AuditPurgeJob } from '../src/audit/audit-purge.job.js';
import { applyMigrations } from '../src/database/migrator.js';
import { codeBlocks, readPage, sectionOf } from './docs-pages.js';
import { createEmptyDatabase, type TestDatabase } from './support/create-database.js';
import { Device } from './support/device.js';
import { startService, type Service } from './support/service.js';

const REFUSED = { code: '42501' };

/** Everything that would change the audit or a part of it. */
const ATTACKS = [
  `update audit_events set reason = 'none'`,
  `update audit_events set created_at = now() - interval '10 years'`,
  'delete from audit_events',
  'delete from audit_events where false',
  'truncate audit_events',
  `insert into audit_events overriding system value select * from audit_events on conflict (id) do update set reason = 'x'`,
  `merge into audit_events a using (select 1) one on true when matched then delete`,
];

const SETTING = `set portcullis.audit_purge = 'on'`;

/** What one role can do: each attack is refused, alone and after the setting that the purge makes, and nothing changes. */
async function attack(client: pg.Client, attacks: string[]) {
  const rows = async () => (await client.query('select * from audit_events order by id')).rows;
  const before = await rows();
  expect(before.length).toBeGreaterThan(0);
  for (const sql of attacks) await expect(client.query(sql)).rejects.toMatchObject(REFUSED);
  expect(await rows()).toEqual(before);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

describe('with one role, as in development', () => {
  let service: Service;

  beforeAll(async () => {
    service = await startService();
    await Device.register(service);
  });
  afterAll(() => service.stop());

  test('no row is changed or deleted', async () => {
    const client = await connect(service.db.url);
    await attack(client, ATTACKS);
    await client.end();
  });

  test('the purge deletes what is older than AUDIT_RETENTION, and nothing else', async () => {
    const insert = `insert into audit_events (type, actor, details, created_at) values ('old', 'system', '{}', now() - $1::interval)`;
    for (const age of ['399 days 23 hours', '400 days 1 hour', '3000 days']) await service.db.query(insert, [age]);
    const count = async () => (await service.db.query('select 1 from audit_events')).length;
    const before = await count();
    await service.app.get(AuditPurgeJob, { strict: false }).run();
    expect(await count()).toBe(before - 2);
    await service.app.get(AuditPurgeJob, { strict: false }).run();
    expect(await count()).toBe(before - 2);
  });

  test('whatever it is called with, it leaves the last 90 days alone', async () => {
    await service.db.query(
      `insert into audit_events (type, actor, details, created_at)
       select 'of late', 'system', '{}', now() - age * interval '1 day' from unnest(array[0, 1, 89, 91]) age`,
    );
    for (const retention of ['0', '-10 years', '1 day']) {
      await service.db.query(`select audit_events_purge($1::interval, 1000)`, [retention]);
    }
    expect(await service.db.query(`select 1 from audit_events where type = 'of late'`)).toHaveLength(3);
    // The permission ends with the purge, also in the transaction that it ran in.
    await expect(
      service.db.query(`do $$ begin perform audit_events_purge('400 days', 1); delete from audit_events; end $$`),
    ).rejects.toMatchObject(REFUSED);
  });
});

describe('with two roles, made as the runbook says', () => {
  const suffix = randomBytes(4).toString('hex');
  const [owner, serviceRole] = [`portcullis_owner_${suffix}`, `portcullis_service_${suffix}`];
  let db: TestDatabase;
  let service: Service;
  let role: pg.Client;
  const urlOf = (user: string) => {
    const url = new URL(db.url);
    [url.username, url.password] = [user, 'secret'];
    return url.href;
  };

  beforeAll(async () => {
    db = await createEmptyDatabase();
    const name = new URL(db.url).pathname.slice(1);
    const block = codeBlocks(sectionOf(readPage('docs/operations.md'), '## Migrations')).find(
      ({ language }) => language === 'sql',
    );
    const [roles = '', grants = ''] = block!.code
      .replaceAll('portcullis_owner', owner)
      .replaceAll('portcullis_service', serviceRole)
      .replaceAll('…', 'secret')
      .split(/^-- in that database.*$/m);
    // The database of the test is there already: it only changes hands.
    await db.query(roles.replace(/create database \w+ owner/, `alter database ${name} owner to`));
    await db.query(`alter schema public owner to ${owner}`);
    const asOwner = await connect(urlOf(owner));
    await asOwner.query(grants);
    await asOwner.end();
    const databaseUrl = urlOf(serviceRole);
    await applyMigrations({ databaseUrl, migrationDatabaseUrl: urlOf(owner), databasePoolSize: 2 });
    service = await startService({ besides: { db } as Service, env: { DATABASE_URL: databaseUrl } });
    role = await connect(databaseUrl);
  });
  afterAll(async () => {
    await role.end();
    await service.stop();
    const name = new URL(db.url).pathname.slice(1);
    await db.query(`drop owned by ${serviceRole}`);
    await db.query(`reassign owned by ${owner} to current_user`);
    await db.query(`drop owned by ${owner}`);
    await db.query(`alter database ${name} owner to current_user; drop role ${owner}, ${serviceRole}`);
    await db.drop();
  });

  test('the service works: it writes and reads the audit, and purges it', async () => {
    const device = await Device.register(service);
    expect((await device.send('/v1/users/me/activity')).body.items).toHaveLength(2);
    await role.query(
      `insert into audit_events (type, actor, details, created_at) values ('old', 'system', '{}', now() - interval '401 days')`,
    );
    await service.app.get(AuditPurgeJob, { strict: false }).run();
    expect((await role.query(`select 1 from audit_events where type = 'old'`)).rowCount).toBe(0);
  });

  test('no row is changed or deleted by the role of the service, not even with the setting of the purge', async () => {
    await attack(role, ATTACKS);
    await role.query(SETTING);
    await attack(role, ATTACKS);
    await role.query('reset portcullis.audit_purge');
  });

  test('it can neither take the trigger away nor put another function in its place', async () => {
    await attack(role, [
      'alter table audit_events disable trigger audit_events_keep',
      'drop trigger audit_events_keep on audit_events',
      'drop function audit_events_keep() cascade',
      'drop table audit_events',
      `set session_replication_role = 'replica'`,
      `set role ${owner}`,
      `create or replace function audit_events_keep() returns trigger language plpgsql as 'begin return null; end'`,
      `create function public.now() returns timestamptz language sql as $$select 'infinity'::timestamptz$$`,
    ]);
  });

  test('a role that may only read cannot purge', async () => {
    await db.query(`create role reader_${suffix} login password 'secret'; grant usage on schema public to reader_${suffix};
      grant select on audit_events to reader_${suffix}`);
    const reader = await connect(urlOf(`reader_${suffix}`));
    await expect(reader.query(`select audit_events_purge('1000 days', 1)`)).rejects.toMatchObject(REFUSED);
    await reader.end();
    await db.query(`drop owned by reader_${suffix}; drop role reader_${suffix}`);
  });
});
