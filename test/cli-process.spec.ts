import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPage, sectionOf, tableRows } from './docs-pages.js';
import { Device, newEmail, PASSWORD } from './support/device.js';
import { environmentOf, operateIn, type Ending } from './support/operate.js';
import { startService, type Service } from './support/service.js';

// Each of these starts processes, on machines that may be busy.
jest.setTimeout(90_000);

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

/** Runs the compiled command as an operator does. */
function run(words: string[], env: Record<string, string>, input = ''): Promise<Ending> {
  const program = join(process.env.TEST_COMPILED!, 'src/cli/main.js');
  const child = spawn(process.execPath, [program, ...words], { env: { PATH: process.env.PATH, ...env } });
  const ending: Ending = { code: -1, out: '', err: '' };
  child.stdout.on('data', (chunk) => (ending.out += String(chunk)));
  child.stderr.on('data', (chunk) => (ending.err += String(chunk)));
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ending, code: code ?? -1 })));
}

test('a command is a process of its own, works while the service runs, and ends by itself', async () => {
  const email = newEmail();
  const env = { ...environmentOf(service), NODE_ENV: 'production' };
  const created = await run(['user', 'create', email, '--password-stdin'], env, `${PASSWORD}\n`);
  expect(created).toEqual({ code: 0, out: `${email} can sign in now, with no role.\n`, err: '' });
  const device = new Device(service, email, PASSWORD);
  await device.login();
  const suspended = await run(['user', 'suspend', email, '--reason', 'fraud', '--wait'], env);
  expect(suspended).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('It holds on every running instance'),
  });
  expect(await device.access()).toBe('account_suspended');
});

test('without DATABASE_URL a command starts the PostgreSQL of development, says so, migrates it, and leaves nothing running', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-cli-'));
  // As root, PostgreSQL runs as another user, who has to pass.
  await chmod(folder, 0o711);
  try {
    const env = { DATA_DIR: folder };
    const created = await run(
      ['user', 'create', 'ada@example.com', '--role', 'admin', '--password-stdin'],
      env,
      PASSWORD,
    );
    const note = `This is the development database in ${folder}: no DATABASE_URL is set.\n`;
    expect(created).toEqual({ code: 0, out: 'ada@example.com can sign in now, with the role admin.\n', err: note });
    expect(existsSync(join(folder, 'postgres', 'postmaster.pid'))).toBe(false);
    // Also before what refuses a command; a program that reads JSON finds nothing else there.
    const missing = await run(['user', 'show', 'eve@example.com'], env);
    expect(missing).toMatchObject({ code: 1, err: expect.stringMatching(/^This is the development .*\nThere is no /) });
    expect(await run(['user', 'show', 'ada@example.com', '--json'], env)).toMatchObject({ code: 0, err: '' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('help and mistakes need neither configuration nor database', async () => {
  expect(await operateIn({}, '--help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('user ') });
  expect(await operateIn({}, 'user suspend --help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('--reason'),
  });
  expect(await operateIn({}, '')).toMatchObject({ code: 2 });
  expect(await operateIn({ NODE_ENV: 'production' }, 'user explode')).toMatchObject({ code: 2, out: '' });
});

test('the page of operations lists every command, and no other', async () => {
  const commandsIn = async (words: string) => {
    const { out } = await operateIn({}, `${words}--help`);
    const [, list = ''] = /^Commands:\n((?: .*\n)+)/m.exec(out) ?? [];
    return [...list.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
  };
  const groups = await commandsIn('');
  const known = await Promise.all(
    groups.map(async (group) => {
      const inner = await commandsIn(`${group} `);
      return inner.length === 0 ? [group] : inner.map((name) => `${group} ${name}`);
    }),
  );
  const told = tableRows(sectionOf(readPage('docs/operations.md'), '## Commands').split('\n```sh\n')[0]!);
  const names = told.flatMap(([first = '']) => [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
  expect(groups.length).toBeGreaterThan(8);
  expect(names.toSorted()).toEqual(known.flat().toSorted());
});

test('what is wrong with the configuration is listed, and a database that is not there is named: 3, without a stack', async () => {
  const wrong = await operateIn({ NODE_ENV: 'production', PORT: 'many' }, 'key list');
  expect(wrong).toMatchObject({
    code: 3,
    out: '',
    err: expect.stringMatching(/^5 settings have to be mended:\n {2}PORT /),
  });
  const nowhere = { ...environmentOf(service), DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
  const { code, out, err } = await operateIn(nowhere, 'key list');
  expect([code, out]).toEqual([3, '']);
  expect(err).toMatch(/^The database cannot be used now: .*ECONNREFUSED.*\n$/);
});
