import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectFile, tableRows } from './docs-pages.js';
import { commandsOf, expectAsPrinted } from './docs-shell.js';
import { registerAt } from './support/applications.js';
import { send } from './support/device.js';
import { startExample, type RunningExample } from './support/example.js';
import { newBackend } from './support/feed.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
const examples: RunningExample[] = [];

beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await Promise.all(examples.map((example) => example.stop()));
  await service.stop();
});

async function start(name: string): Promise<RunningExample> {
  const { secret } = await newBackend(service, 'shop');
  const env = { PORT: '0', PORTCULLIS_URL: service.url, PORTCULLIS_ISSUER: PUBLIC_URL, PORTCULLIS_SECRET: secret };
  const example = await startExample(name, env);
  examples.push(example);
  return example;
}

test.each([
  ['express', '/prices', '/events', ':\n\n'],
  ['nest', '/orders/prices', '/orders/events', 'event: ready\nid: 1\ndata: {}\n\n'],
])(
  'the %s example, started by its one command, lets in whom the service lets in, and nobody after sign-out',
  async (name, prices, stream, opening) => {
    const example = await start(name);
    const device = await registerAt(service, 'shop');
    const ask = (path: string) => send(example, path, { token: device.accessToken });
    expect((await ask('/orders')).body).toMatchObject({ user: device.userId });
    expect(await ask(prices)).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await send(example, '/orders')).toMatchObject({ status: 401, code: 'token_missing' });
    expect(await send(example, '/health')).toMatchObject({ status: 200 });
    const headers = { authorization: `Bearer ${device.accessToken}` };
    const events = await fetch(example.url + stream, { headers });
    await device.send('/v1/auth/logout', { method: 'POST' });
    // It ends by itself.
    expect((await events.text()).trimStart()).toBe(opening);
    expect(await ask('/orders')).toMatchObject({ status: 401, code: 'session_ended', body: { action: 'sign_in' } });
  },
  60_000,
);

test('what the page of the express example asks it is answered as it prints', async () => {
  const example = await start('express');
  const [, walk = ''] = projectFile('examples/express-api/README.md').split('Somebody who is new');
  const commands = commandsOf(walk, service.url).replace('http://localhost:8080', example.url);
  expect(await expectAsPrinted(commands)).toBe(1);
}, 60_000);

test.each(['express', 'nest'])(
  'without a secret, or with a wrong one, the %s example does not start, and says in a sentence which variable to set',
  async (name) => {
    const env = { PORT: '0', PORTCULLIS_URL: service.url, PORTCULLIS_ISSUER: PUBLIC_URL };
    const secrets: Record<string, string>[] = [{}, { PORTCULLIS_SECRET: 'wrong' }];
    const failures = secrets.map(async (secret) => {
      const { message } = await startExample(name, { ...env, ...secret }).then(
        () => ({ message: 'It started.' }),
        (error: Error) => error,
      );
      return message;
    });
    const [missing, wrong] = await Promise.all(failures);
    expect(missing).toContain('Set PORTCULLIS_SECRET to a secret of the application shop.\n');
    expect(wrong!.match(/client_credentials_invalid/g)).toHaveLength(1);
    expect(wrong).toMatch(
      /Portcullis at \S+ cannot be followed \(client_credentials_invalid: .*\)\. Look at the PORTCULLIS_… variables\.\n$/,
    );
    for (const message of [missing, wrong]) expect(message).not.toMatch(/^ +at /m);
  },
  60_000,
);

test('without an nginx, its example says so', () => {
  const { status, stderr } = spawnSync(process.execPath, ['examples/nginx/start.mjs'], {
    env: { NGINX_PATH: '/nowhere/nginx', ORDERS_URL: service.url },
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, expect.stringContaining('There is no /nowhere/nginx here.')]);
});

test.each(['express-api', 'nest-api', 'nginx'])(
  'the page of %s names the command and the variables that there are',
  (name) => {
    const page = projectFile(`examples/${name}/README.md`);
    const { scripts } = JSON.parse(projectFile('package.json'));
    const commands = [...page.matchAll(/npm run (example:\w+)/g)].map(([, script]) => script!);
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.filter((script) => !scripts[script])).toEqual([]);
    const files = readdirSync(join('examples', name)).filter((file) => /\.m?[jt]s$/.test(file));
    const code = files.map((file) => projectFile(`examples/${name}/${file}`)).join('');
    const read = new Set(
      [...code.matchAll(/\b(PORTCULLIS_[A-Z]+|ORDERS_URL|NGINX_PATH|PORT)\b(?!\))/g)].map(([found]) => found),
    );
    const told = tableRows(page).flatMap(([first = '']) => /^`([A-Z_]+)`$/.exec(first)?.[1] ?? []);
    // The Nest example takes those of the other one, and says so.
    expect(told.toSorted()).toEqual(name === 'nest-api' ? [] : [...read].toSorted());
  },
);
