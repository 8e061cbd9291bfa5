import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { operate, operateJson } from './support/operate.js';
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
    const taken = `There is an account ${email.toUpperCase()} already. Give it a role with \`user roles\`.\n`;
    expect(again).toEqual({ code: 1, out: '', err: taken });
    const asJson = await operate(one, `user create ${email} --password-stdin --json`, { input: PASSWORD });
    expect(JSON.parse(asJson.err)).toMatchObject({ error: { code: 'email_taken' } });
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

describe('user list', () => {
  /** Three accounts that nothing else in this database has the role of, the newest first. */
  async function three(role: string): Promise<string[]> {
    const emails: string[] = [];
    for (const _ of [1, 2, 3]) {
      const email = newEmail();
      await operate(one, `user create ${email} --role ${role} --password-stdin`, { input: PASSWORD });
      emails.unshift(email);
    }
    return emails;
  }

  const emailsOf = ({ items }: { items: { email: string }[] }) => items.map(({ email }) => email);

  test('finds accounts by the beginning of their address, by role and by status, the newest first', async () => {
    const emails = await three('clerk');
    await operate(one, `user suspend ${emails[1]} ${WHY}`);
    expect(emailsOf(await operateJson(one, 'user list --role clerk'))).toEqual(emails);
    expect(emailsOf(await operateJson(one, `user list ${emails[2]!.slice(0, 20).toUpperCase()}`))).toEqual([emails[2]]);
    const { code, out, err } = await operate(one, 'user list --role clerk --status suspended');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      new RegExp(
        `^ADDRESS +STATUS +ROLES +CREATED +ID\\n${emails[1]} +suspended +clerk +\\d{4}-\\S+Z +[0-9a-f-]{36}\\n$`,
      ),
    );
    expect(await operate(one, 'user list zzz')).toEqual({ code: 0, out: 'There is no such account.\n', err: '' });
  });

  test('a list that may go on says how: each account is in one page, and --all has those of every page', async () => {
    const emails = await three('porter');
    const first = await operateJson(one, 'user list --role porter --limit 2');
    const second = await operateJson(one, `user list --role porter --limit 2 --cursor ${first.nextCursor}`);
    expect([...emailsOf(first), ...emailsOf(second)]).toEqual(emails);
    expect(second.nextCursor).toBeUndefined();
    const { out } = await operate(one, 'user list --role porter --limit 2');
    expect(out).toContain(`\nThere may be more: --cursor ${first.nextCursor}, or --all.\n`);
    const all = await operateJson(one, 'user list --role porter --all');
    expect(emailsOf(all)).toEqual(emails);
    // More than are read at a time.
    await one.db.query(
      `insert into users (id, email, password_hash, status, roles, token_version, sessions_floor, created_at, updated_at)
         select gen_random_uuid(), 'many-' || n || '@example.com', 'none', 'active', '{crowd}', 1, 1, now(), now()
           from generate_series(1, 1001) n`,
    );
    expect(new Set(emailsOf(await operateJson(one, 'user list --role crowd --all'))).size).toBe(1001);
  });

  test.each([
    ['--role 1x', /^--role takes the name of a role/],
    ['--status gone', /^--status takes one of active, suspended, deleted/],
    ['--cursor x', /^--cursor takes the id/],
    ['--limit 0', /^--limit takes/],
    ['--limit 5 --all', /not both/],
  ])('refuses %s with a sentence', async (words, sentence) => {
    expect(await operate(one, `user list ${words}`)).toMatchObject({ code: 2, err: expect.stringMatching(sentence) });
  });
});
