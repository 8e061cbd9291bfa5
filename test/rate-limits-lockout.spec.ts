import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { SignInLimitsService } from '../src/auth/sign-in-limits.service.js';
import { AppError } from '../src/common/errors/app-error.js';
import { rateLimits } from '../src/limits/rate-limits.js';
import { BEHIND_PROXY, countAs, guess, newAddress, passTime, signIn, WRONG } from './support/attempts.js';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

const HERE = rateLimits['sign_in.account_source'].points;
const EVERYWHERE = rateLimits['sign_in.account'].points;
const WINDOW = rateLimits['sign_in.account'].seconds;

let service: Service;
let other: Service;

beforeAll(async () => {
  service = await startService({ env: BEHIND_PROXY });
  other = await startService({ besides: service, env: BEHIND_PROXY });
});
afterAll(() => service.stop());

/** An account that was made at `home`, and has been used nowhere else. */
async function person(home = newAddress()): Promise<{ email: string; home: string }> {
  const email = newEmail();
  const body = { email, password: PASSWORD, delivery: 'body' };
  const answer = await send(service, '/v1/auth/register', { body, headers: { 'x-forwarded-for': home } });
  expect(answer.status).toBe(201);
  return { email, home };
}

/** Strangers have tried as many passwords as the account allows; they go on. */
async function attack(email: string): Promise<void> {
  await countAs(service, 'sign_in.account', createHash('sha256').update(email).digest('hex'), EVERYWHERE);
  expect(await guess(other, email, newAddress(), 2)).toEqual([429, 429]);
}

test('one stranger, however often they try, keeps nobody out who comes from elsewhere', async () => {
  const { email } = await person();
  const ip = newAddress();
  for (let round = 0; round < 4; round++) await guess(service, email, ip, EVERYWHERE / 2);
  expect((await signIn(service, email, newAddress())).status).toBe(200);
});

test('many strangers: passwords are tried no more often than the account allows, from wherever', async () => {
  const { email } = await person();
  const places = Array.from({ length: 2 * EVERYWHERE }, newAddress);
  const answers = await Promise.all(places.map((ip, index) => signIn(index % 2 ? service : other, email, ip, WRONG)));
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(EVERYWHERE);
  expect(answers.filter(({ code }) => code === 'too_many_requests')).toHaveLength(EVERYWHERE);
});

test('many strangers: where the person has signed in before they are let in; elsewhere after a quarter of an hour', async () => {
  const { email, home } = await person();
  await attack(email);
  expect((await signIn(service, email, home)).status).toBe(200);
  const abroad = newAddress();
  const refused = await signIn(service, email, abroad);
  expect(refused.code).toBe('too_many_requests');
  const wait = Number(refused.headers.get('retry-after'));
  expect(wait).toBeLessThanOrEqual(WINDOW);
  await passTime(service, wait);
  expect((await signIn(service, email, abroad)).status).toBe(200);
  // And now it is a place where they have signed in before.
  await attack(email);
  expect((await signIn(service, email, abroad)).status).toBe(200);
});

test('a place is known by its network, and to its own accounts only', async () => {
  const { email } = await person('2001:db8:5:6::1');
  const neighbour = await person('2001:db8:5:7::1');
  await attack(email);
  await attack(neighbour.email);
  expect((await signIn(service, email, '2001:db8:5:6:9::1')).status).toBe(200);
  expect((await signIn(service, email, '2001:db8:5:7::1')).status).toBe(429);
  expect((await signIn(service, neighbour.email, '2001:db8:5:6::1')).status).toBe(429);
});

test('strangers at a place where the person has signed in are bound there as everywhere', async () => {
  const { email, home } = await person();
  await attack(email);
  expect(await guess(service, email, home, HERE + 3)).toEqual([...Array(HERE).fill(401), ...Array(3).fill(429)]);
});

test('a device that is signed in goes on, whatever strangers try', async () => {
  const device = await Device.register(service);
  await countAs(service, 'sign_in.source', '127.0.0.1', 1_000);
  await attack(device.email);
  expect(await device.access()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
  expect((await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } }))).status).toBe(
    200,
  );
});

/** As many wrong passwords at once, as sign-in counts them, without the work of hashing them. */
async function tryWrong(instance: Service, email: string, ip: string, times: number): Promise<void> {
  const limits = instance.app.get(SignInLimitsService, { strict: false });
  const wrong = () => Promise.reject(new AppError('credentials_invalid'));
  const attempts = Array.from({ length: times }, () => limits.signIn(email, { ip, userAgent: null }, wrong));
  const outcomes = await Promise.allSettled(attempts);
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
}

test('whatever strangers do, in any order: the person is let in where they were before, and everywhere within a window', async () => {
  const step = fc.record({
    place: fc.nat(60),
    times: fc.integer({ min: 1, max: 30 }),
    pause: fc.constantFrom(0, 0, 0, 1, WINDOW / 3, WINDOW),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const { email, home } = await person();
      const places = Array.from({ length: 61 }, newAddress);
      for (const { place, times, pause } of steps) {
        await tryWrong(place % 2 ? service : other, email, places[place]!, times);
        if (pause > 0) await passTime(service, pause);
      }
      expect((await signIn(service, email, home)).status).toBe(200);
      const abroad = newAddress();
      const answer = await signIn(other, email, abroad);
      const wait = Number(answer.headers.get('retry-after'));
      expect(wait).toBeLessThanOrEqual(WINDOW);
      if (answer.status === 429) await passTime(service, wait);
      expect((await signIn(other, email, abroad)).status).toBe(200);
    }),
    { numRuns: 8 },
  );
});
