import { hash } from '@node-rs/argon2';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  // It is about the queue behind the limits.
  service = await startService({ env: { RATE_LIMITS: 'off' } });
});
afterAll(() => service.stop());

const hashOf = async ({ userId }: Device) => {
  const [row] = await service.db.query<{ password_hash: string }>('select password_hash from users where id = $1', [
    userId,
  ]);
  return row!.password_hash;
};

const store = ({ userId }: Device, passwordHash: string) =>
  service.db.query('update users set password_hash = $2 where id = $1', [userId, passwordHash]);

const signInAsNobody = () =>
  send(service, '/v1/auth/login', { body: { email: newEmail(), password: PASSWORD, delivery: 'body' } });

/** The parameters of a hash in PHC format: `m`, `t` and `p`, with the algorithm and its version. */
function parametersOf(phc: string) {
  const [, algorithm, version, m, t, p] = /^\$(\w+)\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(phc) ?? [];
  return { algorithm, version: Number(version), m: Number(m), t: Number(t), p: Number(p) };
}

test('passwords are stored as Argon2id with at least 19 MiB, two passes, one lane, each with its own salt', async () => {
  const [one, other] = [await Device.register(service), await Device.register(service)];
  const { algorithm, version, m, t, p } = parametersOf(await hashOf(one));
  expect([algorithm, version]).toEqual(['argon2id', 19]);
  expect(m).toBeGreaterThanOrEqual(19 * 1024);
  expect(t).toBeGreaterThanOrEqual(2);
  expect(p).toBeGreaterThanOrEqual(1);
  expect(await hashOf(one)).not.toBe(await hashOf(other));
});

describe('A hash weaker than today’s', () => {
  test.each([
    ['less memory', { algorithm: 2, memoryCost: 8_192, timeCost: 2 }],
    ['fewer passes', { algorithm: 2, memoryCost: 19_456, timeCost: 1 }],
    ['another algorithm', { algorithm: 0, memoryCost: 19_456, timeCost: 2 }],
  ])('with %s is replaced when the person signs in', async (_what, weaker) => {
    const device = await Device.register(service);
    const today = parametersOf(await hashOf(device));
    await store(device, await hash(PASSWORD, { ...weaker, parallelism: 1 }));
    expect((await device.login()).status).toBe(200);
    expect(parametersOf(await hashOf(device))).toEqual(today);
    expect(await device.access()).toBeNull();
    expect((await device.login()).status).toBe(200);
  });

  test('stays when the password was wrong', async () => {
    const device = await Device.register(service);
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8_192, timeCost: 2, parallelism: 1 });
    await store(device, weak);
    device.password = 'not the password';
    expect((await device.login()).code).toBe('credentials_invalid');
    expect(await hashOf(device)).toBe(weak);
  });

  test('is replaced once by sign-ins at the same time, and all of them succeed', async () => {
    const device = await Device.register(service);
    await store(device, await hash(PASSWORD, { algorithm: 2, memoryCost: 8_192, timeCost: 2, parallelism: 1 }));
    const answers = await Promise.all(Array.from({ length: 8 }, () => device.login()));
    expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
  });
});

test('a hash as strong as today’s, or stronger, is left alone', async () => {
  const device = await Device.register(service);
  const before = await hashOf(device);
  await device.login();
  expect(await hashOf(device)).toBe(before);
  const stronger = await hash(PASSWORD, { algorithm: 2, memoryCost: 32_768, timeCost: 3, parallelism: 1 });
  await store(device, stronger);
  expect((await device.login()).status).toBe(200);
  expect(await hashOf(device)).toBe(stronger);
});

test('hashing happens off the event loop', async () => {
  const hashing = await millisecondsOf(() => hash(PASSWORD, { algorithm: 2, memoryCost: 19_456, timeCost: 2 }));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await Promise.all(Array.from({ length: 20 }, signInAsNobody));
  delay.disable();
  // On the loop, nearly every turn of it would take a hash or more.
  expect(delay.percentile(50) / 1e6).toBeLessThan(hashing / 2);
});

test('past the queue, sign-ins are told to come back, and those within it are served', async () => {
  const answers = await Promise.all(Array.from({ length: 150 }, signInAsNobody));
  const refused = answers.filter((answer) => answer.status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ code: 'too_many_requests', body: { action: 'retry' } });
  expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  const served = answers.filter((answer) => answer.status === 401);
  expect(served.length).toBeGreaterThanOrEqual(64);
  expect(refused.length + served.length).toBe(150);
  expect((await signInAsNobody()).status).toBe(401);
});

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
