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
    ['what no address begins with', `user suspend zzz ${WHY}`, 2, /Write the whole address/],
    [
      'part of an address',
      `user suspend ada- ${WHY}`,
      2,
      /^"ada-" is no whole address. Accounts begin with it: ada-.*, and others\. Noth/,
    ],
    ['no reason', 'user suspend ada@example.com', 2, /^Say why, for the audit/],
    ['an empty reason', 'user suspend ada@example.com --reason ""', 2, /^Say why, for the audit/],
    ['a reason of two lines', 'everyone sign-out --reason "a\nb"', 2, /control characters/],
    [
      'no e-mail address',
      `user suspend ${WHY}`,
      2,
      /^Missing required argument 'email'\. See user suspend --help\.\n$/,
    ],
    ['one word too many', `user show a@example.com b`, 2, /^Too many arguments .* See user show --help\.\n$/],
    ['half a command', 'user', 2, /^Say which: user create, list, show/],
    [
      'an unknown command',
      'user destroy a@example.com',
      2,
      /^Unknown command .* See user --help\.|^There is no command .* See user --help\./,
    ],
    [
      'an unknown option',
      'user show a@example.com --force',
      2,
      /^Unknown option '--force'\. See user show --help\.\n$/,
    ],
    ['an e-mail address where seconds go', `user suspend --wait a@example.com ${WHY}`, 2, /^--wait takes seconds/],
    ['to wait for what instances do not follow', `key rotate --wait ${WHY}`, 2, /^Unknown option '--wait'/],
    ['a role that is none', 'user create a@example.com --role 1x --password-stdin', 2, /^A role begins with a letter/],
    ['the id of no application', `application disable Bad_Id ${WHY}`, 2, /^"Bad_Id" is no id of an application\. /],
    ['an id that no application can have', `application create Bad_Id ${WHY}`, 2, /^Write small letters/],
    ['what is no id of a session', `session end laptop ${WHY}`, 2, /^"laptop" is no id of a session/],
    [
      'a password among the arguments',
      'user create a@example.com --password=hunter2',
      2,
      /^Unknown option '--password'(?!.*hunter2).* with --password-stdin\. .* history .* See user create --help\.\n$/,
    ],
    [
      'a password in the short way',
      'user create a@example.com -phunter2',
      2,
      /^Unknown option '-p'(?!.*hunter2).* with --password-stdin\. .* See user create --help\.\n$/,
    ],
    [
      'a token among the arguments',
      'token inspect eyJhbGciOi',
      2,
      /^Too many arguments (?!.*eyJ).* read from standard input, .* history .* See token inspect --help\.\n$/,
    ],
    ['an unknown first word', 'usr', 2, /^Unknown command 'usr'.* See --help\.\n$/],
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

  test.each([
    ['user show --json', 'usage', 2],
    ['user shw --json', 'usage', 2],
    ['usr --json', 'usage', 2],
    ['user list --limit none --json', 'usage', 2],
    ['user create a@example.com --json', 'usage', 2],
    ['application create Bad_Id --reason x --json', 'validation_failed', 2],
  ])('%s: one JSON document on standard error, whoever refuses it', async (words, code, exitCode) => {
    const ending = await operate(one, words);
    expect([ending.code, ending.out]).toEqual([exitCode, '']);
    expect(JSON.parse(ending.err)).toEqual({ error: { code, detail: expect.stringMatching(/^[A-Z"-].*\.$/) } });
  });

  test('where the database cannot be used, the sentence is JSON too, and its code is on the page of errors', async () => {
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    const { code, err } = await operate(one, 'key list --json', { env });
    expect(code).toBe(3);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'unavailable' } });
    const long = await operate(one, 'token inspect --json', { input: 'x'.repeat(100_000) });
    expect(JSON.parse(long.err)).toMatchObject({ error: { code: 'input' } });
    const unset = await operate(one, 'key list --json', { env: { PORT: 'many' } });
    expect(JSON.parse(unset.err)).toMatchObject({ error: { code: 'set_up' } });
  });
});
