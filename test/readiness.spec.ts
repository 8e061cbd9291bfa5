import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { DatabaseHealthRepository } from '../src/database/database-health.repository.js';
import { InstanceHeartbeat } from '../src/revocation/instance-heartbeat.js';
import { InstancesService } from '../src/revocation/instances.service.js';
import { readPage, sectionOf, tableRows } from './docs-pages.js';
import { Device, send } from './support/device.js';
import { poll } from './support/poll.js';
import { revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** Instances and databases that do not fit: not ready, with a sentence that says what to do, until it is mended. */
let one: Service;

beforeEach(async () => {
  one = await startService();
});
afterEach(() => one.stop());

interface Check {
  name: string;
  ok: boolean;
  detail?: string;
}

async function report(service: Service): Promise<{ status: number; problems: Check[] }> {
  const { status, body } = await send(service, '/health/ready');
  return { status, problems: (body.checks as Check[]).filter(({ ok }) => !ok) };
}
const isReady = async (service: Service) => (await report(service)).status === 200;
const isListed = async (service: Service) => {
  const { id } = service.app.get(InstanceHeartbeat, { strict: false });
  return (await one.app.get(InstancesService, { strict: false }).list()).some((each) => each.id === id);
};

const key = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const databaseName = () => new URL(one.db.url).pathname.slice(1);

/** Answers for PostgreSQL what another one would: its functions are found first in the schema of the tests. */
const pretend = (definition: string) => one.db.query(`create function public.${definition}`);

test('the page of operations has every check, and no other', async () => {
  const { body } = await send(one, '/health/ready');
  const told = tableRows(sectionOf(readPage('docs/operations.md'), '## Health')).map(([name]) => name);
  expect(told.toSorted()).toEqual(body.checks.map(({ name }: Check) => `\`${name}\``).toSorted());
});

test('a probe reads what the database says of itself once, however many checks look at it', async () => {
  await poll(() => isReady(one));
  const read = jest.spyOn(one.app.get(DatabaseHealthRepository, { strict: false }), 'read');
  for (let probe = 1; probe <= 3; probe++) {
    expect(await isReady(one)).toBe(true);
    expect(read).toHaveBeenCalledTimes(probe);
  }
});

describe('the database', () => {
  test('a standby', async () => {
    await poll(() => isReady(one));
    await pretend('pg_is_in_recovery() returns boolean language sql return true');
    const { problems } = await report(one);
    expect(problems).toContainEqual({
      name: 'database',
      ok: false,
      detail: 'The database is a standby. Set DATABASE_URL to the primary, or promote it.',
    });
    // What it has received is no confirmation.
    await expect(syncOf(one).awaitFresh()).rejects.toMatchObject({ code: 'revocation_unavailable' });
    await one.db.query('drop function public.pg_is_in_recovery()');
    await poll(() => isReady(one));
  });

  test('read-only', async () => {
    await poll(() => isReady(one));
    const setReadOnly = async (to: 'on' | 'off') => {
      await one.db.query(
        `set default_transaction_read_only = off; alter database ${databaseName()} set default_transaction_read_only = ${to}`,
      );
      await one.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name like 'portcullis%'`,
      );
    };
    await setReadOnly('on');
    await poll(async () =>
      (await report(one)).problems.some(({ detail }) => detail?.startsWith('The database is read-only.')),
    );
    await setReadOnly('off');
    await poll(() => isReady(one));
  });

  test('older than PostgreSQL 14', async () => {
    await pretend(
      `current_setting(name text) returns text language sql
         return case name when 'server_version_num' then '130014' else pg_catalog.current_setting(name) end`,
    );
    expect((await report(one)).problems).toEqual([
      { name: 'database', ok: false, detail: 'PostgreSQL 13 is too old. Upgrade it to 14 or later.' },
    ]);
    await one.db.query('drop function public.current_setting(text)');
    await poll(() => isReady(one));
  });

  test.each([
    [45, /^The clock of this machine is 4[56] s behind the database's\. Set both by NTP\.$/],
    [-45, /^The clock of this machine is 4[45] s ahead of the database's\. Set both by NTP\.$/],
  ])('its clock %i s off', async (seconds, sentence) => {
    await one.db.advance(seconds);
    expect((await report(one)).problems).toContainEqual({
      name: 'clock',
      ok: false,
      detail: expect.stringMatching(sentence),
    });
    await one.db.advance(20 * -Math.sign(seconds));
    await poll(() => isReady(one));
  });

  test('another one for requests than for the deny-list', async () => {
    await poll(() => isReady(one));
    // Requests are still connected to a server that somebody else's log has gone on without.
    await one.db.query('create schema old; create table old.revocation_head as table revocation_head');
    await one.db.query('update old.revocation_head set epoch = gen_random_uuid()');
    await one.db.query(`alter database ${databaseName()} set search_path = old, public, test_clock, pg_catalog`);
    await one.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'portcullis'`,
    );
    const find = async () => (await report(one)).problems.find(({ name }) => name === 'same database');
    await poll(async () => (await find())?.detail?.startsWith('Requests and the deny-list are at different') ?? false);
    await one.db.query(`alter database ${databaseName()} set search_path = public, test_clock, pg_catalog`);
    await one.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'portcullis'`,
    );
    await poll(() => isReady(one));
  });
});

describe('another instance', () => {
  test('with another KEY_ENCRYPTION_KEY: the newcomer is not ready, the other one is', async () => {
    const env = { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
    const two = await startService({ besides: one, env });
    expect((await report(two)).problems).toContainEqual({
      name: 'signing key',
      ok: false,
      detail: 'The signing key does not open. Set KEY_ENCRYPTION_KEY to that of the instances that run already.',
    });
    expect(await isReady(one)).toBe(true);
    await two.stop();
  });

  const [shared, other] = [key('a'), key('b')];
  const MISFITS: [name: string, theirs: string, mine: string, sentence: string][] = [
    ['another key under the same id', shared, key('a'), 'has another refresh token key under the id "a"'],
    ['a key that this one lacks', `${other},${shared}`, shared, 'with the key "b", which this one lacks'],
    ['a key that is missing there', shared, `${other},${shared}`, 'with the key "b", which another one lacks'],
  ];

  test.each(MISFITS)('%s: the newcomer is not ready until the other has gone', async (_, theirs, mine, sentence) => {
    const old = await startService({ besides: one, env: { REFRESH_TOKEN_KEYS: theirs } });
    await one.app.close();
    await poll(() => isListed(old).catch(() => true));
    const two = await startService({ besides: one, env: { REFRESH_TOKEN_KEYS: mine } });
    await poll(async () => (await report(two)).problems.some(({ detail }) => detail?.includes(sentence)));
    expect((await report(two)).problems.map(({ name }) => name)).toEqual(['instances']);
    await poll(() => isReady(old));
    await old.stop();
    await poll(() => isReady(two));
    await two.stop();
  });

  test('that does not fit, and stays, keeps no newcomer that fits from being ready', async () => {
    const wrong = await startService({ besides: one, env: { REFRESH_TOKEN_KEYS: key('t1') } });
    await poll(async () => (await report(wrong)).problems.some(({ name }) => name === 'instances'));
    const three = await startService({ besides: one });
    await poll(() => isListed(three));
    await poll(() => isReady(three));
    expect(await isReady(wrong)).toBe(false);
    await three.stop();
    await wrong.stop();
  });

  test('a key added second everywhere, then promoted: always ready', async () => {
    const old = await startService({ besides: one, env: { REFRESH_TOKEN_KEYS: `${shared},${other}` } });
    await one.app.close();
    const two = await startService({ besides: old, env: { REFRESH_TOKEN_KEYS: `${other},${shared}` } });
    await poll(async () => (await isReady(old)) && isReady(two));
    const device = await Device.register(two);
    expect((await device.refresh(device.refreshToken, old)).status).toBe(200);
    await two.stop();
    await old.stop();
  });

  test('that follows another epoch, dead or hanging: it keeps nobody else from being ready', async () => {
    await revoke(one, { kind: 'session', subject: 'a' });
    await one.db.query(
      `insert into instances (id, name, version, refresh_keys, epoch, seq, confirmed_at, started_at, seen_at)
       values (gen_random_uuid(), 'elsewhere/1', '1', '[]', gen_random_uuid(), 1, now(), now(), now() + interval '1 hour')`,
    );
    // As long as it used to be given to notice.
    const until = Date.now() + 6_000;
    await poll(async () => {
      expect((await report(one)).problems).toEqual([]);
      return Date.now() > until;
    });
    await one.db.query(`delete from instances where name = 'elsewhere/1'`);
  });
});
