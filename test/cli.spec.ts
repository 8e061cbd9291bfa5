import { randomUUID } from 'node:crypto';
import { InstancesService } from '../src/revocation/instances.service.js';
import { headerOf, keysOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { operate, operateJson } from './support/operate.js';
import { poll } from './support/poll.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
});
afterAll(() => one.stop());

const WHY = '--reason "a test"';

/** What both instances say to a device's access token, once they have read the log. */
async function answers(device: Device): Promise<(string | null)[]> {
  await Promise.all([catchUp(one), catchUp(two)]);
  return [await device.access(one), await device.access(two)];
}

describe('session', () => {
  test('list shows the devices, and end signs one of them out on both instances', async () => {
    const device = await Device.register(one, { deviceName: 'Laptop' });
    const other = await device.another({ deviceName: 'Phone' });
    const { out } = await operate(one, `session list ${device.email}`);
    expect(out).toMatch(/^SESSION +DEVICE +ADDRESS/);
    expect(out).toContain('Laptop');
    const ended = await operate(one, `session end ${other.sessionId} ${WHY}`);
    expect(ended).toMatchObject({ code: 0, out: `The session ${other.sessionId} has ended.\n` });
    expect(await answers(other)).toEqual(['session_ended', 'session_ended']);
    expect(await answers(device)).toEqual([null, null]);
    const again = await operate(one, `session end ${other.sessionId} ${WHY}`);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('ended already') });
  });

  test.each([
    ['0', 2, 'no id of a session'],
    ['a@example.com', 2, 'no id of a session'],
    ['00000000-0000-4000-8000-000000000000', 1, 'no such session'],
  ])('end refuses %s', async (id, code, why) => {
    expect(await operate(one, `session end ${id} ${WHY}`)).toMatchObject({
      code,
      out: '',
      err: expect.stringContaining(why),
    });
  });
});

test('everyone sign-out: every session of everyone has ended, with one row an application and no session touched', async () => {
  const devices = [await Device.register(one), await Device.register(two)];
  const written = () => one.db.query('select id, xmin::text, ctid::text from sessions order by id');
  const before = await written();
  expect(await operateJson(one, `everyone sign-out ${WHY}`)).toEqual({ applications: ['account'] });
  expect(await written()).toEqual(before);
  for (const device of devices) {
    expect(await answers(device)).toEqual(['token_outdated', 'token_outdated']);
    expect((await device.refresh()).code).toBe('session_ended');
    expect((await device.login()).status).toBe(200);
  }
});

describe('key', () => {
  test('list, rotate, withdraw: in order, or at once where it leaked, and never twice', async () => {
    const device = await Device.register(one);
    const kid = headerOf(device.accessToken)['kid'] as string;
    expect((await operateJson(one, 'key list')).keys).toContainEqual(
      expect.objectContaining({ kid, status: 'active', sealedBy: 'current' }),
    );
    expect(await operate(one, `key rotate ${WHY}`)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^The next signing key has not been published for long enough: in \d+ min /),
    });
    expect((await operate(one, `key withdraw ${kid} ${WHY}`)).out).toMatch(
      / is withdrawn: what it signed is refused\. /,
    );
    expect(await answers(device)).toEqual(['token_revoked', 'token_revoked']);
    expect((await device.refresh()).status).toBe(200);
    expect(await answers(device)).toEqual([null, null]);
    const again = await operate(one, `key withdraw ${kid} ${WHY}`);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('withdrawn already') });
    expect(await operate(one, `key withdraw nothing ${WHY}`)).toMatchObject({ code: 1 });
    await one.advance(16 * 60);
    const rotated = await operateJson(one, `key rotate ${WHY}`);
    await keysOf(two).load();
    expect(keysOf(two).signingKey().kid).toBe(rotated.key.kid);
  });

  test('an id that begins with - is one, and what is mistyped is not', async () => {
    const kid = `-${'k'.repeat(42)}`;
    expect(await operate(one, `key withdraw ${kid} ${WHY}`)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no such|no signing key/i),
    });
    expect(await operate(one, `key withdraw ${kid} --reson nothing ${WHY}`)).toMatchObject({ code: 2 });
  });

  test('reseal has nothing to do where one key seals all', async () => {
    expect(await operateJson(one, `key reseal ${WHY}`)).toEqual({ resealed: 0 });
  });
});

describe('what happened, and what is in force', () => {
  test('audit: the newest first, of one account, of one kind, by one actor', async () => {
    const device = await Device.register(one);
    await operate(one, `user suspend ${device.email} --reason "case 4711"`);
    const { code, out } = await operate(one, `audit --of ${device.email}`);
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^WHEN +WHAT +TO WHOM +BY +FROM +WHY +DETAILS$/);
    expect(out.split('\n')[1]).toMatch(
      new RegExp(` account\\.suspended +${device.email} +operator:\\S+ +– +case 4711$`),
    );
    const { items } = await operateJson(one, `audit --of ${device.email} --type account.registered`);
    expect(items).toMatchObject([{ actor: `user:${device.userId}`, reason: null }]);
    expect((await operateJson(one, 'audit --by operator:nobody --limit 5')).items).toEqual([]);
    expect(await operate(one, 'audit --limit none')).toMatchObject({ code: 2 });
    expect(await operate(one, 'audit --type nonsense')).toMatchObject({ code: 2 });
  });

  test('audit: a line says to whom and by whom by their addresses, in which application, on which device, and what changed', async () => {
    const device = await Device.register(one);
    await device.send('/v1/auth/logout', { method: 'POST' });
    await operate(one, `user roles ${device.email} editor auditor ${WHY}`);
    const { out } = await operate(one, `audit --of ${device.email} --limit 2`);
    const [, roles, ended] = out.split('\n');
    expect(roles).toMatch(/ account\.roles_changed .* a test +roles=auditor,editor before=none$/);
    expect(ended).toMatch(
      new RegExp(
        ` session\\.ended +${device.email} +user:${device.email} +\\S+ +\\S+ +application=account session=${device.sessionId} device=node$`,
      ),
    );
    const { items } = await operateJson(one, `audit --by user:${device.email} --type session.ended`);
    expect(items).toMatchObject([{ actor: `user:${device.userId}`, sessionId: device.sessionId }]);
  });

  test('audit: an account that was deleted goes by its id, and what a device is called steers no terminal', async () => {
    const device = await Device.register(one);
    await one.db.query(
      `insert into audit_events (type, user_id, actor, details, created_at) values ('session.renamed', $1, $2, $3, now())`,
      [randomUUID(), `user:${device.userId}`, { name: '\u001b[2J\nx' }],
    );
    const { out } = await operate(one, `audit --by user:${device.userId} --limit 1`);
    expect(out).toMatch(/ session\.renamed +[0-9a-f-]{36} +user:ada-\S+ +– +– +name="\\u001b\[2J\\nx"\n$/);
  });

  test('audit: from a time on, and before another one, as over REST', async () => {
    const device = await Device.register(one);
    const { items } = await operateJson(one, `audit --of ${device.email} --type account.registered`);
    const moment = Date.parse(items[0].createdAt);
    const [at, after] = [0, 1].map((ms) => new Date(moment + ms).toISOString());
    const within = (words: string) => operateJson(one, `audit --of ${device.email} --type account.registered ${words}`);
    expect((await within(`--from ${at} --to ${after}`)).items).toHaveLength(1);
    expect((await within(`--from ${after}`)).items).toEqual([]);
    expect((await within(`--to ${at}`)).items).toEqual([]);
    expect(await operate(one, 'audit --from yesterday')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^--from: Expected a time in ISO 8601, such as /),
    });
  });

  test('revocations: on whom, until when, by whom and why', async () => {
    const device = await Device.register(one);
    await operate(one, `user suspend ${device.email} --reason "case 4712"`);
    const { out } = await operate(one, 'revocations --limit 1');
    expect(out).toMatch(
      new RegExp(`\\n\\d+ +\\S+Z +user, suspended +${device.userId} +\\S+Z +operator:\\S+ +case 4712\\n$`),
    );
  });
});

test('purge: what is dead goes, what may be needed stays, and it says how much', async () => {
  const device = await Device.register(one);
  await one.db.query(
    `insert into sessions select gen_random_uuid(), user_id, application_id, user_version, application_version, generation,
       secret_hash, previous_secret_hash, rotated_at, delivery, name, device, user_agent, ip, remembered, amr,
       authenticated_at, created_at, last_active_at, expires_at, now() - interval '31 days', 'signed_out'
       from sessions where id = $1`,
    [device.sessionId],
  );
  const { purged } = await operateJson(one, 'purge');
  expect(purged).toEqual({
    revocations: expect.any(Number),
    sessions: 1,
    audit_events: expect.any(Number),
  });
  expect((await operate(one, 'purge')).out).toMatch(/^revocations +0 deleted\nsessions +0 deleted\n/);
  expect(await device.access()).toBeNull();
});

describe('--wait', () => {
  // Instances say that they run every five seconds; to a clock that was moved, their last word is long ago.
  beforeAll(() => poll(async () => (await instances()).length === 2));

  const instances = () => one.app.get(InstancesService, { strict: false }).list();

  test('returns when every running instance has applied it', async () => {
    const device = await Device.register(one);
    const { code, out } = await operate(one, `user suspend ${device.email} ${WHY} --wait`);
    expect(code).toBe(0);
    expect(out).toMatch(/\nIt holds on every running instance \(\S+\/\d+, \S+\/\d+\), after [\d.]+ s\.\n$/);
    expect([await device.access(one), await device.access(two)]).toEqual(['account_suspended', 'account_suspended']);
  });

  test('names the instance that has not, and ends with 4; the act is done all the same', async () => {
    await one.db.query(
      `insert into instances (id, name, version, refresh_keys, epoch, seq, confirmed_at, started_at, seen_at)
       select gen_random_uuid(), 'frozen/1', '0', '[]', epoch, seq, now(), now(), now() from revocation_head`,
    );
    const device = await Device.register(one);
    const { code, out } = await operate(one, `user suspend ${device.email} ${WHY} --wait 3`);
    expect(code).toBe(4);
    expect(out).toMatch(/is suspended.*\nIt is done, but after \d[\d.]* s not yet known to frozen\/1\. /);
    expect(await answers(device)).toEqual(['account_suspended', 'account_suspended']);
    await one.db.query(`delete from instances where name = 'frozen/1'`);
  });
});
