import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, getPriority } from 'node:os';
import { join } from 'node:path';
import { childrenOf, isRunning } from './support/child-processes.js';
import { createTestDatabase, type TestDatabase } from './support/create-database.js';
import { Device, newEmail, PASSWORD, send, type Answer } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let device: Device;
const log: string[] = [];

beforeAll(async () => {
  // Wrong passwords by the dozen.
  service = await startService({ env: { RATE_LIMITS: 'off' }, onLog: (line) => log.push(line) });
  device = await Device.register(service);
});
afterAll(() => service.stop());

const hashing = (parent = process.pid) => childrenOf(parent, 'hashing-worker');
const signal = (which: NodeJS.Signals, ids = hashing()) => ids.forEach((id) => process.kill(id, which));

const signIn = (password = PASSWORD) =>
  send(service, '/v1/auth/login', { body: { email: device.email, password, delivery: 'body' } });

/** As many sign-ins at once, with the right and a wrong password in turn; what they should get. */
const signInMany = () => Array.from({ length: 16 }, (_, index) => signIn(index % 2 ? 'not the password' : PASSWORD));
const EXPECTED = Array.from({ length: 16 }, (_, index) => (index % 2 ? 401 : 200));
const statuses = (answers: Answer[]) => answers.map(({ status }) => status);

test('passwords are hashed at a lower priority than the service’s, by fewer processes than there are cores', async () => {
  expect(statuses(await Promise.all(signInMany()))).toEqual(EXPECTED);
  const processes = hashing();
  expect(processes.length).toBeGreaterThanOrEqual(1);
  // As many again where the machine, busy with other tests, has nothing to spare.
  expect(processes.length).toBeLessThanOrEqual(2 * Math.max(1, availableParallelism() - 1));
  for (const id of processes) expect(getPriority(id)).toBeGreaterThan(getPriority(process.pid));
});

/** As Linux numbers them (sched(7)); null where it does not say, or no command to set it is there. */
function schedulingPolicy(id: number): number | null {
  if (!existsSync(`/proc/${id}/stat`) || spawnSync('chrt', ['-p', String(id)]).status !== 0) return null;
  const [, fields] = readFileSync(`/proc/${id}/stat`, 'latin1').split(') ');
  return Number(fields!.split(' ')[38]);
}

const SCHED_IDLE = 5;

test('hashing takes only what is spared, where the system knows of such a thing', async () => {
  expect((await signIn()).status).toBe(200);
  const [first] = hashing();
  if (schedulingPolicy(first!) === null) expect(getPriority(first)).toBe(10);
  else await poll(() => hashing().some((id) => schedulingPolicy(id) === SCHED_IDLE));
});

test('neither a password nor a secret is in the arguments, the environment or the log', async () => {
  expect((await signIn()).status).toBe(200);
  const files = hashing().flatMap((id) => [`/proc/${id}/cmdline`, `/proc/${id}/environ`]);
  const seen = [...files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'latin1')), ...log];
  for (const secret of [PASSWORD, service.db.url, service.config.keyEncryptionKey.toString('base64')]) {
    expect(seen.filter((text) => text.includes(secret))).toEqual([]);
  }
});

test('a process that is killed takes no sign-in along: every one gets the answer it should', async () => {
  const before = hashing();
  const answers = Promise.all(signInMany());
  await poll(() => {
    signal('SIGKILL', before.filter(isRunning));
    return hashing().some((id) => !before.includes(id));
  });
  expect(statuses(await answers)).toEqual(EXPECTED);
  expect(log.some((line) => line.includes('A process that hashes passwords ended'))).toBe(true);
});

test('processes that are killed over and over: the right answer or 503, and after that all is well', async () => {
  let over = false;
  const answers = Promise.all(signInMany()).finally(() => (over = true));
  await poll(() => {
    signal('SIGKILL');
    return over;
  }, 30);
  for (const [index, { status, code, headers }] of (await answers).entries()) {
    if (status === EXPECTED[index]) continue;
    expect({ status, code }).toEqual({ status: 503, code: 'unavailable' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  expect(statuses(await Promise.all(signInMany()))).toEqual(EXPECTED);
});

test('where nothing is spared, others do the work, and what is late is not waited for', async () => {
  await signIn();
  const late = hashing();
  signal('SIGSTOP', late);
  expect(statuses(await Promise.all(signInMany()))).toEqual(EXPECTED);
  expect(hashing().filter((id) => !late.includes(id))).not.toEqual([]);
  signal('SIGCONT', late.filter(isRunning));
  expect(statuses(await Promise.all(signInMany()))).toEqual(EXPECTED);
});

test('one that does not move any more is replaced after ten seconds', async () => {
  await signIn();
  // Those that live on what is spared, and since the test before those that do the work of the late ones.
  const stuck = hashing();
  expect(stuck.length).toBeGreaterThan(1);
  signal('SIGSTOP', stuck);
  expect((await signIn()).status).toBe(200);
  expect(stuck.some((id) => !isRunning(id))).toBe(true);
  signal('SIGCONT', stuck.filter(isRunning));
});

test('a signal to all processes at once, as a terminal or systemd sends it, does not end it before the service', async () => {
  await signIn();
  const processes = hashing();
  signal('SIGTERM');
  signal('SIGINT');
  expect((await signIn()).status).toBe(200);
  expect(hashing()).toEqual(processes);
});

test('when the service stops, it answers who is waiting and leaves no process, not even one that is stuck', async () => {
  const other = await startService();
  const before = hashing();
  const body = { email: newEmail(), password: PASSWORD, delivery: 'body' };
  const waiting = [1, 2, 3].map(() => send(other, '/v1/auth/login', { body }));
  await poll(() => hashing().length > before.length);
  const own = hashing().filter((id) => !before.includes(id));
  const stopped = other.stop();
  expect(statuses(await Promise.all(waiting))).toEqual([401, 401, 401]);
  signal('SIGSTOP', own.filter(isRunning));
  await stopped;
  expect(own.filter(isRunning)).toEqual([]);
});

test('nor does it leave one that starts over what was late', async () => {
  const other = await startService();
  const before = hashing();
  const body = { email: newEmail(), password: PASSWORD, delivery: 'body' };
  const own = () => hashing().filter((id) => !before.includes(id));
  await send(other, '/v1/auth/login', { body });
  signal('SIGSTOP', own());
  expect((await send(other, '/v1/auth/login', { body })).code).toBe('credentials_invalid');
  expect(own().length).toBeGreaterThan(1);
  await other.stop();
  // What a task is given to anew starts at once.
  await new Promise((resolve) => setImmediate(resolve));
  expect(own()).toEqual([]);
});

describe('a service in a process of its own', () => {
  let db: TestDatabase;
  let child: ChildProcess;

  beforeEach(async () => {
    db = await createTestDatabase();
    child = spawn(process.execPath, [join(process.env.TEST_COMPILED!, 'src/main.js')], {
      env: {
        PORT: '0',
        DATABASE_URL: db.url,
        KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
        REFRESH_TOKEN_KEYS: `a:${randomBytes(32).toString('base64')}`,
      },
    });
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await db.drop();
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('that ends by %s leaves no process behind', async (how) => {
    let output = '';
    child.stdout!.on('data', (chunk) => (output += chunk));
    await poll(() => /listening at http/.test(output), 60);
    const url = /listening at (http:\/\/[\d.:]+)/.exec(output)![1]!;
    const body = { email: newEmail(), password: PASSWORD, delivery: 'body' };
    expect((await send({ url }, '/v1/auth/register', { body })).status).toBe(201);
    const processes = hashing(child.pid);
    expect(processes).not.toEqual([]);

    child.kill(how);
    await once(child, 'exit');
    await poll(() => !processes.some(isRunning));
  });
});
