import { jest } from '@jest/globals';
import { BoundedQueue } from '../src/users/bounded-queue.js';
import { Device, FROM_OWN_PAGE, newEmail, PASSWORD, send, type Answer } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const WRONG = 'not the password';

const signIn = (email: string, password: string, headers: Record<string, string> = {}) =>
  send(service, '/v1/auth/login', { body: { email, password, delivery: 'body' }, headers });

const sessionsOf = async (userId: string) =>
  (await service.db.query<{ id: string }>('select id from sessions where user_id = $1', [userId])).map((row) => row.id);

const setStatus = (userId: string, status: string) =>
  service.db.query('update users set status = $2 where id = $1', [userId, status]);

describe('Signing in makes a new session', () => {
  test('with an id never used before, however the address is spelled', async () => {
    const device = await Device.register(service);
    const answer = await signIn(`\t${device.email.toUpperCase()}`, PASSWORD);
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ id: device.userId, email: device.email });
    expect(answer.body.session.id).not.toBe(device.sessionId);
    expect(await sessionsOf(device.userId)).toHaveLength(2);
    expect(await device.access()).toBeNull();
  });

  test('also when tokens or a cookie of somebody come along: they are neither used nor harmed', async () => {
    const own = await Device.register(service);
    const mallory = await Device.register(service);
    const browser = await send(service, '/v1/auth/login', {
      body: { email: mallory.email, password: PASSWORD },
      headers: FROM_OWN_PAGE,
    });
    const cookie = browser.headers.get('set-cookie')!.split(';')[0]!;
    const planted = [own, mallory].map(({ accessToken }) => ({ authorization: `Bearer ${accessToken}`, cookie }));
    for (const headers of planted) {
      const known = [...(await sessionsOf(own.userId)), ...(await sessionsOf(mallory.userId))];
      const answer = await signIn(own.email, PASSWORD, headers);
      expect(answer.status).toBe(200);
      expect(known).not.toContain(answer.body.session.id);
      expect(await sessionsOf(own.userId)).toContain(answer.body.session.id);
    }
    expect(await mallory.access()).toBeNull();
    const refreshed = await send(service, '/v1/auth/refresh', { body: {}, headers: { ...FROM_OWN_PAGE, cookie } });
    expect([refreshed.status, refreshed.body.session.id]).toEqual([200, browser.body.session.id]);
  });

  test('a session id cannot be chosen', async () => {
    const { email, sessionId } = await Device.register(service);
    const answer = await send(service, '/v1/auth/login', { body: { email, password: PASSWORD, sessionId } });
    expect([answer.status, answer.body.errors]).toEqual([400, [{ pointer: '/sessionId', detail: expect.any(String) }]]);
  });

  test('an application that does not exist is told by its field, before any password is looked at', async () => {
    const body = { email: newEmail(), password: WRONG, applicationId: 'wiki' };
    const answer = await send(service, '/v1/auth/login', { body });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/applicationId']);
  });
});

describe('A wrong password and an unknown account cannot be told apart', () => {
  const comparable = ({ status, headers, body }: Answer) => ({
    status,
    headers: [...headers.keys()],
    challenge: headers.get('www-authenticate'),
    body: { ...body, requestId: null },
  });

  /** The answers to a wrong password of each kind of account, by what the account is. */
  async function refusals(): Promise<{ email: string }[]> {
    const known = await Device.register(service);
    const suspended = await Device.register(service);
    await setStatus(suspended.userId, 'suspended');
    const deleted = await Device.register(service);
    await deleted.send('/v1/users/me', { method: 'DELETE' });
    return [known, suspended, deleted, { email: newEmail() }];
  }

  test('same status, same headers, same body', async () => {
    const [known, ...others] = await Promise.all((await refusals()).map(({ email }) => signIn(email, WRONG)));
    expect([known!.status, known!.code]).toEqual([401, 'credentials_invalid']);
    for (const other of others) expect(comparable(other)).toEqual(comparable(known!));
  });

  test('same work: one Argon2 run each', async () => {
    const accounts = await refusals();
    const run = jest.spyOn(BoundedQueue.prototype, 'run');
    for (const { email } of accounts) {
      run.mockClear();
      await signIn(email, WRONG);
      expect(run).toHaveBeenCalledTimes(1);
    }
    run.mockRestore();
  });

  test('same time', async () => {
    const { email } = await Device.register(service);
    const times = { known: [] as number[], unknown: [] as number[] };
    // In turn, so that whatever else the machine does meets both.
    for (let sample = 0; sample < 21; sample++) {
      // A refusal by the limit on wrong passwords takes no time.
      await service.db.query('delete from rate_limits');
      for (const kind of ['known', 'unknown'] as const) {
        const start = performance.now();
        await signIn(kind === 'known' ? email : newEmail(), WRONG);
        times[kind].push(performance.now() - start);
      }
    }
    // The best of each: on a machine with other work hashing has two speeds, and a median is of either.
    const ratio = Math.min(...times.known) / Math.min(...times.unknown);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});

test('a suspended account is told so only to who knows the password', async () => {
  const device = await Device.register(service);
  await setStatus(device.userId, 'suspended');
  expect(await signIn(device.email, WRONG)).toMatchObject({ status: 401, code: 'credentials_invalid' });
  expect(await signIn(device.email, PASSWORD)).toMatchObject({
    status: 403,
    code: 'account_suspended',
    body: { action: 'sign_in' },
  });
  expect(await sessionsOf(device.userId)).toEqual([device.sessionId]);
  await setStatus(device.userId, 'active');
  expect((await signIn(device.email, PASSWORD)).status).toBe(200);
});

test('a disabled application takes nobody in', async () => {
  const device = await Device.register(service);
  await service.db.query('update applications set enabled = false');
  try {
    expect(await signIn(device.email, PASSWORD)).toMatchObject({ status: 403, code: 'application_disabled' });
    expect(await sessionsOf(device.userId)).toHaveLength(1);
  } finally {
    await service.db.query('update applications set enabled = true');
  }
});
