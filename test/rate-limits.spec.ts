import { rateLimits } from '../src/limits/rate-limits.js';
import { BEHIND_PROXY, countAs, from, guess, newAddress, passTime, signIn, WRONG } from './support/attempts.js';
import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { pauseAfterPasswordCheck } from './support/password-pause.js';
import { startService, type Service } from './support/service.js';

const HERE = rateLimits['sign_in.account_source'].points;
const WINDOW = rateLimits['sign_in.account_source'].seconds;

let service: Service;
let other: Service;

beforeAll(async () => {
  service = await startService({ env: BEHIND_PROXY });
  other = await startService({ besides: service, env: BEHIND_PROXY });
});
afterAll(() => service.stop());

/** So many times 401, then so many times 429. */
const statuses = (wrong: number, refused: number) => [...Array(wrong).fill(401), ...Array(refused).fill(429)];

describe('Wrong passwords for one account from one source', () => {
  test('past the limit: 429 that says when to come back, for the right password too, and then it is let in', async () => {
    const { email } = await Device.register(service);
    const ip = newAddress();
    expect(await guess(service, email, ip, HERE)).toEqual(statuses(HERE, 0));
    const refused = await signIn(service, email, ip);
    expect(refused).toMatchObject({ status: 429, code: 'too_many_requests', body: { action: 'retry' } });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(WINDOW);
    await passTime(service, wait);
    expect((await signIn(service, email, ip)).status).toBe(200);
  });

  test('fifty at the same time, over two instances: no more are tried than the limit says', async () => {
    const { email } = await Device.register(service);
    const ip = newAddress();
    const both = await Promise.all([guess(service, email, ip, 25), guess(other, email, ip, 25)]);
    expect(both.flat().toSorted((a, b) => a - b)).toEqual(statuses(HERE, 50 - HERE));
  });

  test('what one instance counted holds on the other, and on one that is started later', async () => {
    const { email } = await Device.register(service);
    const ip = newAddress();
    await guess(service, email, ip, HERE);
    expect((await signIn(other, email, ip)).code).toBe('too_many_requests');
    const later = await startService({ besides: service, env: BEHIND_PROXY });
    expect((await signIn(later, email, ip)).code).toBe('too_many_requests');
    await later.stop();
  });

  test('attempts that are refused do not make the wait longer', async () => {
    const { email } = await Device.register(service);
    const ip = newAddress();
    await guess(service, email, ip, HERE + 5);
    await passTime(service, WINDOW / 2);
    await guess(service, email, ip, 5);
    const wait = Number((await signIn(service, email, ip)).headers.get('retry-after'));
    expect(wait).toBeLessThanOrEqual(WINDOW / 2);
  });

  test('what is given back after the window is over is no credit for the next one', async () => {
    const { email } = await Device.register(service);
    const ip = newAddress();
    const paused = pauseAfterPasswordCheck(service);
    const slow = signIn(service, email, ip);
    await paused.checked;
    await passTime(service, WINDOW);
    paused.goOn();
    expect((await slow).status).toBe(200);
    expect(await guess(service, email, ip, HERE + 2)).toEqual(statuses(HERE, 2));
  });

  test('right passwords do not count, however many', async () => {
    const { email } = await Device.register(service);
    const ip = newAddress();
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: HERE }, () => signIn(service, email, ip)));
      expect(answers.map(({ status }) => status)).toEqual(Array(HERE).fill(200));
    }
  });

  test('however the address is typed, it is one account', async () => {
    const { email } = await Device.register(service);
    const ip = newAddress();
    const spellings = [email.toUpperCase(), ` ${email} `, email.replace('a', 'A'), email.replace('@', '＠')];
    for (let attempt = 0; attempt < HERE; attempt++)
      await signIn(service, spellings[attempt % spellings.length]!, ip, WRONG);
    expect((await signIn(service, email, ip)).status).toBe(429);
  });
});

describe('A source', () => {
  test('is the IPv6 network of 64 bits, whatever the address in it', async () => {
    const { email } = await Device.register(service);
    for (let attempt = 0; attempt < HERE; attempt++) await signIn(service, email, `2001:db8:7:1::${attempt}`, WRONG);
    expect((await signIn(service, email, '2001:db8:7:1:ffff:1:2:3')).status).toBe(429);
    expect((await signIn(service, email, '2001:db8:7:2::1')).status).toBe(200);
  });

  test('cannot be made up where no proxy is trusted', async () => {
    const direct = await startService({ besides: service });
    const { email } = await Device.register(service);
    const answers = await Promise.all(
      Array.from({ length: HERE + 5 }, (_, index) => signIn(direct, email, `10.9.9.${index}`, WRONG)),
    );
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
    await direct.stop();
  });

  test('that is no address (a proxy says "unknown") is one source, and no fault', async () => {
    const { email } = await Device.register(service);
    expect(await guess(service, email, 'unknown', HERE + 1)).toEqual(statuses(HERE, 1));
  });

  test('that tries many accounts is refused, whichever comes next; another source is not', async () => {
    const { points } = rateLimits['sign_in.source'];
    const ip = newAddress();
    await countAs(service, 'sign_in.source', ip, points - 4);
    for (const address of [newEmail(), newEmail()]) expect(await guess(service, address, ip, 2)).toEqual([401, 401]);
    const { email } = await Device.register(service);
    expect((await signIn(service, email, ip)).code).toBe('too_many_requests');
    expect((await signIn(service, email, newAddress())).status).toBe(200);
  });

  test('that is refused leaves nothing in the table of the accounts that it goes on to name', async () => {
    const ip = newAddress();
    await countAs(service, 'sign_in.source', ip, rateLimits['sign_in.source'].points);
    expect((await signIn(service, newEmail(), ip)).code).toBe('too_many_requests');
    const rows = await service.db.query(`select key from rate_limits where key like 'sign_in.account%:' || $1`, [ip]);
    expect(rows).toEqual([]);
  });

  test('makes so many accounts and no more, whether or not the address was free', async () => {
    const { points } = rateLimits['register.source'];
    const ip = newAddress();
    const { email } = await Device.register(service);
    await countAs(service, 'register.source', ip, points - 2);
    const register = (address: string) =>
      send(service, '/v1/auth/register', {
        body: { email: address, password: PASSWORD, delivery: 'body' },
        headers: from(ip),
      });
    expect((await register(newEmail())).status).toBe(201);
    expect((await register(email)).status).toBe(409);
    const refused = [await register(newEmail()), await register(email)];
    for (const answer of refused) expect(answer).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeLessThanOrEqual(3600);
  });
});

test('known and unknown accounts are refused alike: the same statuses, the same body', async () => {
  const { email } = await Device.register(service);
  const answers = await Promise.all(
    [email, newEmail()].map(async (address) => {
      const ip = newAddress();
      const all = [];
      for (let attempt = 0; attempt < HERE + 2; attempt++) all.push(await signIn(service, address, ip, WRONG));
      return all.map(({ status, body: { requestId, ...body } }) => ({ status, body, id: typeof requestId }));
    }),
  );
  expect(answers[0]).toEqual(answers[1]);
});

describe('Who is signed in and types a wrong password', () => {
  const { points } = rateLimits['step_up.session'];
  const reauthenticate = (device: Device, password: string) =>
    device.send('/v1/auth/reauthenticate', { body: { password } });
  const change = (device: Device, currentPassword: string) =>
    device.send('/v1/auth/password', { body: { currentPassword, newPassword: 'difference engine 1822' } });

  test('may do so as often, in both ways together; the other device and ordinary requests are not touched', async () => {
    const device = await Device.register(service);
    const second = await device.another();
    for (let attempt = 0; attempt < points; attempt++) {
      const answer = await (attempt % 2 ? reauthenticate : change)(device, WRONG);
      expect(answer.code).toBe('credentials_invalid');
    }
    expect((await reauthenticate(device, PASSWORD)).code).toBe('too_many_requests');
    expect((await change(device, PASSWORD)).code).toBe('too_many_requests');
    expect(await device.access()).toBeNull();
    expect((await device.refresh()).status).toBe(200);
    expect((await reauthenticate(second, PASSWORD)).status).toBe(200);
    expect((await device.login()).status).toBe(200);
  });

  test('is asked no limit for the right one', async () => {
    const device = await Device.register(service);
    for (let attempt = 0; attempt < points + 2; attempt++) {
      const answer = await device.keeping(reauthenticate(device, PASSWORD));
      expect(answer.status).toBe(200);
    }
  });
});

test('windows that are over are purged, others are not', async () => {
  const { RateLimitsPurgeJob } = await import('../src/limits/rate-limits-purge.job.js');
  await service.db.query('delete from rate_limits');
  await service.db.query(
    `insert into rate_limits
     select 'sign_in.source:' || n, 1, (extract(epoch from now()) + case when n <= 4500 then -120 else 60 end) * 1000
       from generate_series(1, 4503) n`,
  );
  await service.app.get(RateLimitsPurgeJob, { strict: false }).run();
  expect(await service.db.query('select count(*)::int from rate_limits')).toEqual([{ count: 3 }]);
});

test('no secret and no e-mail address is in the table', async () => {
  const { email } = await Device.register(service);
  await guess(service, email, newAddress(), 2);
  const rows = await service.db.query<{ text: string }>('select t::text as text from rate_limits t');
  expect(rows.length).toBeGreaterThan(0);
  for (const { text } of rows)
    for (const word of [email, email.split('@')[0]!, WRONG]) expect(text).not.toContain(word);
});
