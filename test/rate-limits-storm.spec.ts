import { jest } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignInLimitsService } from '../src/auth/sign-in-limits.service.js';
import { AppError } from '../src/common/errors/app-error.js';
import { rateLimits } from '../src/limits/rate-limits.js';
import { RateLimitsRepository } from '../src/limits/rate-limits.repository.js';
import { RateLimitsService } from '../src/limits/rate-limits.service.js';
import { BEHIND_PROXY, countAs, guess, newAddress, signIn } from './support/attempts.js';
import { Device, newEmail } from './support/device.js';
import { pauseAfterPasswordCheck } from './support/password-pause.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

/** More attempts of one account from one source at a time than may fail. */

const HERE = rateLimits['sign_in.account_source'].points;

let service: Service;
let other: Service;

beforeAll(async () => {
  service = await startService({ env: BEHIND_PROXY });
  other = await startService({ besides: service, env: BEHIND_PROXY });
});
afterAll(() => service.stop());

type Outcome = 'right' | 'wrong' | 'fault';

/** What came of an attempt: `refused` when it was told to wait for the end of the window. */
type Answer = Outcome | 'refused';

/** Attempts as sign-in makes them, without the work of hashing: each takes a few milliseconds and comes to its outcome. */
class Storm {
  running = 0;
  failed = 0;
  /** The most that were being made or had failed at any time. */
  most = 0;
  readonly email = newEmail();
  readonly source = { ip: newAddress(), userAgent: null };

  async attempt(instance: Service, outcome: Outcome, ms: number): Promise<Answer> {
    const limits = instance.app.get(SignInLimitsService, { strict: false });
    try {
      return await limits.signIn(this.email, this.source, () => this.make(outcome, ms));
    } catch (error) {
      if (!(error instanceof AppError)) return 'fault';
      if (error.code === 'credentials_invalid') return 'wrong';
      // Told to come back in a second, as on a machine with more to do than this.
      return error.options.retryAfter === 1 ? this.attempt(instance, outcome, ms) : 'refused';
    }
  }

  rows() {
    const account = createHash('sha256').update(this.email).digest('hex');
    return service.db.query<{ points: number; reserved: number }>(
      `select points, reserved from rate_limits where key like '%' || $1 || '%' or key = 'sign_in.source:' || $2`,
      [account, this.source.ip],
    );
  }

  private async make(outcome: Outcome, ms: number): Promise<Outcome> {
    this.running += 1;
    this.most = Math.max(this.most, this.running + this.failed);
    await sleep(ms);
    this.running -= 1;
    if (outcome === 'wrong') this.failed += 1;
    if (outcome === 'wrong') throw new AppError('credentials_invalid');
    if (outcome === 'fault') throw new Error('no database');
    return outcome;
  }
}

test('whatever comes at once, to whichever instance: no more fail than may, and no other is refused for it before', async () => {
  const attempt = fc.record({
    outcome: fc.constantFrom<Outcome[]>('right', 'right', 'right', 'wrong', 'fault'),
    ms: fc.nat(10),
    instance: fc.nat(1),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: HERE, maxLength: 4 * HERE, size: 'max' }), async (attempts) => {
      const storm = new Storm();
      const answers = await Promise.all(
        attempts.map(({ outcome, ms, instance }) => storm.attempt([service, other][instance]!, outcome, ms)),
      );
      const wrong = attempts.filter(({ outcome }) => outcome === 'wrong').length;
      expect(storm.most).toBeLessThanOrEqual(HERE);
      expect(answers.filter((answer) => answer === 'wrong')).toHaveLength(Math.min(wrong, HERE));
      if (wrong < HERE) expect(answers).toEqual(attempts.map(({ outcome }) => outcome));
      for (const row of await storm.rows()) expect(row).toEqual({ points: storm.failed, reserved: 0 });
    }),
    { numRuns: 12 },
  );
});

test('right passwords that come all at once are all let in, and are not held against the person', async () => {
  const { email } = await Device.register(service);
  const ip = newAddress();
  const enter = async (instance: Service): Promise<number> => {
    const { status, headers } = await signIn(instance, email, ip);
    // Where hashing takes its time: never the rest of a window.
    return status === 429 && headers.get('retry-after') === '1' ? enter(instance) : status;
  };
  const statuses = await Promise.all(Array.from({ length: 3 * HERE }, (_, i) => enter([service, other][i % 2]!)));
  expect(statuses).toEqual(Array(3 * HERE).fill(200));
  expect(await guess(service, email, ip, HERE - 1)).toEqual(Array(HERE - 1).fill(401));
  expect((await signIn(service, email, ip)).status).toBe(200);
});

test('where every place is held for longer than it is waited: 429, to come back in a second', async () => {
  const { email } = await Device.register(service);
  const ip = newAddress();
  const account = createHash('sha256').update(email).digest('hex');
  await countAs(service, 'sign_in.account_source', `${account}:${ip}`, HERE - 1);
  const paused = pauseAfterPasswordCheck(service);
  const slow = signIn(service, email, ip);
  await paused.checked;
  const refused = await signIn(other, email, ip);
  expect([refused.code, refused.headers.get('retry-after')]).toEqual(['too_many_requests', '1']);
  paused.goOn();
  expect((await slow).status).toBe(200);
  expect((await signIn(other, email, ip)).status).toBe(200);
});

test('where twenty wait for a place, whoever else comes is told at once to come back in a second', async () => {
  const limits = service.app.get(RateLimitsService, { strict: false });
  const repository = service.app.get(RateLimitsRepository, { strict: false });
  const attempts = [{ limit: 'step_up.session' as const, subject: newEmail() }];
  const places = rateLimits['step_up.session'].points;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const make = () => limits.countFailures(attempts, () => finished);
  const inside = Array.from({ length: places }, make);
  const takes = jest.spyOn(repository, 'take');
  await poll(async () => {
    const [row] = await service.db.query<{ reserved: number }>('select reserved from rate_limits where key = $1', [
      `step_up.session:${attempts[0]!.subject}`,
    ]);
    return row?.reserved === places;
  });

  const waiting = Array.from({ length: 20 }, make);
  await poll(() => takes.mock.calls.length >= 3 * 20);
  takes.mockClear();
  const refused = await Promise.allSettled(Array.from({ length: 100 }, make));
  for (const { reason } of refused as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ code: 'too_many_requests', options: { retryAfter: 1 } });
  }
  // A look each; beside them those of the twenty, who look fifteen times in all.
  expect(takes.mock.calls.length).toBeLessThanOrEqual(100 + 15 * 20);
  takes.mockRestore();
  finish();
  await Promise.allSettled([...inside, ...waiting]);
  expect(await limits.countFailures(attempts, async () => 'free')).toBe('free');
});

test('a fault between one limit and the next holds no place', async () => {
  const { email } = await Device.register(service);
  const ip = newAddress();
  await service.db.query(
    `create function broken() returns trigger language plpgsql as $$
     begin if new.key like 'sign_in.account:%' then raise exception 'disk full'; end if; return new; end $$;
     create trigger broken before insert on rate_limits for each row execute function broken()`,
  );
  for (let n = 0; n <= HERE; n++) expect((await signIn(service, email, ip)).status).toBe(500);
  await service.db.query('drop function broken() cascade');
  expect(await guess(service, email, ip, HERE)).toEqual(Array(HERE).fill(401));
});
