import { Device, newEmail, PASSWORD } from './support/device.js';
import { operate, operateJson } from './support/operate.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
});
afterAll(() => one.stop());

const WHY = '--reason "a test"';

/** An e-mail address whose account is an administrator, so that the others are never the last. */
async function newAdmin(): Promise<string> {
  const email = newEmail();
  const { code, err } = await operate(one, `user create ${email} --role admin --password-stdin`, { input: PASSWORD });
  if (code !== 0) throw new Error(err);
  return email;
}

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
  // More accounts with addresses that begin alike than a sentence names.
  beforeAll(() => Promise.all(Array.from({ length: 6 }, () => Device.register(one))));

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
    ['half a command', 'user', 2, /^Say which: user create, list, show/],
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
