import { InstancesService } from '../src/revocation/instances.service.js';
import { headerOf, keysOf } from './support/access-token.js';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
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

/** An e-mail address whose account is an administrator, so that the others are never the last. */
async function newAdmin(): Promise<string> {
  const email = newEmail();
  const { code, err } = await operate(one, `user create ${email} --role admin --password-stdin`, { input: PASSWORD });
  if (code !== 0) throw new Error(err);
  return email;
}

describe('user', () => {
  test('create: the account signs in with the password from standard input, its line break left out', async () => {
    const email = newEmail();
    const words = `user create ${email} --role admin --role editor --name "Ada L." --password-stdin`;
    const { code, out, err } = await operate(one, words, { input: `${PASSWORD}\n` });
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(`${email} can sign in now, with the roles admin, editor.\n`);
    const login = await send(two, '/v1/auth/login', { body: { email, password: PASSWORD, delivery: 'body' } });
    expect(login.body.user).toMatchObject({ email, name: 'Ada L.', roles: ['admin', 'editor'] });
  });

  test.each([
    ['a weak password', 'password1', 1],
    ['no password', '', 1],
  ])('create refuses %s and makes nothing', async (_, input, expected) => {
    const email = newEmail();
    const { code, out, err } = await operate(one, `user create ${email} --password-stdin`, { input });
    expect([code, out]).toEqual([expected, '']);
    expect(err).toMatch(/^[A-Z].*\.\n$/);
    expect((await operate(one, `user show ${email}`)).code).toBe(1);
  });

  test('create refuses an address that has an account, and a password among the arguments', async () => {
    const email = await newAdmin();
    const again = await operate(one, `user create ${email.toUpperCase()} --password-stdin`, { input: PASSWORD });
    expect(again).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Sign in, or use another address') });
    expect(await operate(one, `user create ${newEmail()} ${PASSWORD.split(' ')[0]}`)).toMatchObject({ code: 2 });
    const nobody = await operate(one, `user create ${newEmail()}`);
    expect(nobody).toMatchObject({ code: 2, err: expect.stringContaining('--password-stdin') });
  });

  test('show finds an account however its address is typed, and by its id', async () => {
    const device = await Device.register(one, { name: 'Ada' });
    const { code, out } = await operate(one, `user show ${device.email.toUpperCase()}`);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^address +${device.email}\nname +Ada\nid +${device.userId}\nstatus +active\n`));
    expect(await operateJson(one, `user show ${device.userId}`)).toMatchObject({
      user: { email: device.email, status: 'active', roles: [] },
      sessions: 1,
    });
  });

  test('suspend, restore: out on both instances with 403, then in again with what was ended still ended', async () => {
    const device = await Device.register(one);
    const suspended = await operate(one, `user suspend ${device.email} --reason "card fraud, case 4711"`);
    expect(suspended).toEqual({
      code: 0,
      out: `${device.email} is suspended: signed out everywhere, and no sign-in.\n`,
      err: '',
    });
    expect(await answers(device)).toEqual(['account_suspended', 'account_suspended']);
    expect((await device.refresh(undefined, two)).code).toBe('account_suspended');
    expect((await operate(one, `user restore ${device.email} ${WHY}`)).code).toBe(0);
    expect(await answers(device)).toEqual(['token_outdated', 'token_outdated']);
    expect((await device.refresh()).code).toBe('session_ended');
    expect((await device.login()).status).toBe(200);
    const rows = await one.db.query<{ actor: string; reason: string }>(
      `select actor, reason from audit_events where user_id = $1 and type = 'account.suspended'`,
      [device.userId],
    );
    expect(rows).toEqual([{ actor: expect.stringMatching(/^operator:\S+$/), reason: 'card fraud, case 4711' }]);
  });

  test('sign-out ends every session; the next sign-in is good', async () => {
    const device = await Device.register(one);
    const other = await device.another();
    expect((await operate(one, `user sign-out ${device.email} ${WHY}`)).code).toBe(0);
    for (const each of [device, other]) {
      expect(await answers(each)).toEqual(['token_outdated', 'token_outdated']);
      expect((await each.refresh()).code).toBe('session_ended');
    }
    expect((await device.login()).status).toBe(200);
  });

  test('roles are exactly those named, and none with --none', async () => {
    const device = await Device.register(one);
    expect((await operate(one, `user roles ${device.email} editor auditor ${WHY}`)).out).toBe(
      `${device.email} has the roles auditor, editor now. A silent refresh brings it to every device.\n`,
    );
    expect(await answers(device)).toEqual(['token_outdated', 'token_outdated']);
    expect((await device.refresh()).body.user.roles).toEqual(['auditor', 'editor']);
    expect((await operate(one, `user roles ${device.email} ${WHY}`)).code).toBe(2);
    expect((await operate(one, `user roles ${device.email} --none ${WHY}`)).code).toBe(0);
    expect((await device.refresh()).body.user.roles).toEqual([]);
  });
});

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

  test.each(['0', 'a@example.com', '00000000-0000-4000-8000-000000000000'])('end refuses %s', async (id) => {
    expect(await operate(one, `session end ${id} ${WHY}`)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/no id of a session|no such session/),
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
    expect(out.split('\n')[0]).toMatch(/^WHEN +WHAT +TO WHOM +BY +FROM +WHY$/);
    expect(out.split('\n')[1]).toMatch(/ account\.suspended +\S+ +operator:\S+ +– +case 4711$/);
    const { items } = await operateJson(one, `audit --of ${device.email} --type account.registered`);
    expect(items).toMatchObject([{ actor: `user:${device.userId}`, reason: null }]);
    expect((await operateJson(one, 'audit --by operator:nobody --limit 5')).items).toEqual([]);
    expect(await operate(one, 'audit --limit none')).toMatchObject({ code: 2 });
    expect(await operate(one, 'audit --type nonsense')).toMatchObject({ code: 2 });
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

describe('at a terminal', () => {
  test('the password is asked for twice and not shown; the reason is asked for', async () => {
    const email = newEmail();
    const { code, out, err } = await operate(one, `user create ${email}`, { answers: [PASSWORD, PASSWORD] });
    expect([code, out]).toEqual([0, `${email} can sign in now, with no role.\n`]);
    expect(err).toBe('Password: \nThe same again: \n');
    const suspended = await operate(one, `user suspend ${email}`, { answers: ['case 4713'] });
    expect(suspended).toMatchObject({ code: 0, err: expect.stringContaining('Why? ') });
    expect((await operateJson(one, `audit --of ${email} --limit 1`)).items[0].reason).toBe('case 4713');
  });

  test('two different passwords, and no reason: refused, and nothing is done', async () => {
    const email = newEmail();
    const different = await operate(one, `user create ${email}`, { answers: [PASSWORD, `${PASSWORD}!`] });
    expect(different).toMatchObject({ code: 2, err: expect.stringContaining('two different passwords') });
    expect((await operate(one, `user show ${email}`)).code).toBe(1);
    expect(await operate(one, 'everyone sign-out', { answers: [''] })).toMatchObject({ code: 2 });
  });
});

describe('bad input is refused with a sentence, and nothing is done', () => {
  const refusals: [string, string, number, RegExp][] = [
    ['an unknown person', `user suspend nobody@example.com ${WHY}`, 1, /^There is no account with the address nobody@/],
    ['what no address begins with', `user suspend zzz ${WHY}`, 1, /Write the whole address/],
    [
      'part of an address',
      `user suspend ada- ${WHY}`,
      1,
      /^"ada-" is no whole address. Accounts begin with it: ada-.*, and others\. Noth/,
    ],
    ['no reason', 'user suspend ada@example.com', 2, /^Say why, for the audit/],
    ['an empty reason', 'user suspend ada@example.com --reason ""', 2, /^Say why, for the audit/],
    ['a reason of two lines', 'everyone sign-out --reason "a\nb"', 1, /control characters/],
    ['no e-mail address', `user suspend ${WHY}`, 2, /missing required argument/],
    ['one word too many', `user show a@example.com b`, 2, /too many arguments/],
    ['half a command', 'user', 2, /^Say which: user create, show/],
    ['an unknown command', 'user destroy a@example.com', 2, /unknown command|There is no command/],
    ['an unknown option', 'user show a@example.com --force', 2, /unknown option/],
    ['an e-mail address where seconds go', `user suspend --wait a@example.com ${WHY}`, 2, /^--wait takes seconds/],
    ['to wait for what instances do not follow', `key rotate --wait ${WHY}`, 2, /unknown option '--wait'/],
    ['a role that is none', `user roles a@example.com 1x ${WHY}`, 1, /./],
  ];

  test.each(refusals)('%s', async (_, words, code, sentence) => {
    const before = await one.db.query('select count(*) from audit_events');
    const ending = await operate(one, words);
    expect(ending).toMatchObject({ code, out: '', err: expect.stringMatching(sentence) });
    expect(ending.err).not.toMatch(/\n {4}at /);
    expect(await one.db.query('select count(*) from audit_events')).toEqual(before);
  });

  test('the last administrator cannot be suspended, nor lose the role; two who try it on each other leave one', async () => {
    await one.db.query(`update users set roles = '{}'`);
    const [ada, eve] = [await newAdmin(), await newAdmin()];
    const both = await Promise.all([
      operate(one, `user suspend ${ada} ${WHY}`),
      operate(two, `user roles ${eve} --none ${WHY}`),
    ]);
    expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
    const left = both[0]!.code === 0 ? eve : ada;
    for (const words of [`user suspend ${left}`, `user roles ${left} editor`]) {
      expect(await operate(one, `${words} ${WHY}`)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/last active admin/),
      });
    }
  });

  test('a refusal is JSON too where programs read it', async () => {
    const { code, out, err } = await operate(one, `user show nobody@example.com --json`);
    expect([code, out]).toEqual([1, '']);
    expect(JSON.parse(err)).toEqual({
      error: { code: 'not_found', detail: expect.stringContaining('nobody@example.com') },
    });
  });
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
