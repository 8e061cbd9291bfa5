import { Device, newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  // Fewer connections than the registrations that race.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
});
afterAll(() => service.stop());

const register = (body: Record<string, unknown>) =>
  send(service, '/v1/auth/register', { body: { password: PASSWORD, delivery: 'body', ...body } });

describe('Registering', () => {
  test('signs the new account in: tokens that work, and the account under the one spelling of its address', async () => {
    const email = newEmail();
    const answer = await register({ email: `  ${email.toUpperCase()} `, name: ' Ada ' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 600,
      refreshToken: expect.stringMatching(/^prt_/),
      session: { id: expect.any(String), expiresAt: expect.any(String), idleExpiresAt: expect.any(String) },
      user: { id: expect.any(String), email, name: 'Ada', roles: [], emailVerified: false },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const me = await send(service, '/v1/users/me', { token: answer.body.accessToken });
    expect(me.body).toMatchObject({ id: answer.body.user.id, email, name: 'Ada' });
    expect((await send(service, '/v1/auth/refresh', { body: { refreshToken: answer.body.refreshToken } })).status).toBe(
      200,
    );
  });

  test('an address that has an account is taken, however it is spelled; the account stays as it is', async () => {
    const device = await Device.register(service, { name: 'Ada' });
    const answer = await register({ email: device.email.toUpperCase(), name: 'Mallory', password: 'another long one' });
    expect([answer.status, answer.code]).toEqual([409, 'email_taken']);
    expect((await device.send('/v1/users/me')).body.name).toBe('Ada');
    expect((await device.login()).status).toBe(200);
  });

  test('twenty registrations of one address at once make one account', async () => {
    const email = newEmail();
    const answers = await Promise.all(Array.from({ length: 20 }, () => register({ email })));
    const statuses = answers.map((answer) => answer.status).toSorted();
    expect(statuses).toEqual([201, ...Array(19).fill(409)]);
    const rows = await service.db.query(
      `select 1 from users u join sessions s on s.user_id = u.id where u.email = $1`,
      [email],
    );
    expect(rows).toHaveLength(1);
  });

  test('a refused registration leaves nothing behind', async () => {
    const email = newEmail();
    const answer = await register({ email, password: 'password123' });
    expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    expect(await service.db.query('select 1 from users where email = $1', [email])).toEqual([]);
    expect((await register({ email })).status).toBe(201);
  });
});

describe('The account', () => {
  test('a new name shows at once; tokens and sessions stay as they are', async () => {
    const device = await Device.register(service, { name: 'Ada' });
    const answer = await device.send('/v1/users/me', { method: 'PATCH', body: { name: 'Countess of Lovelace' } });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id: device.userId,
      email: device.email,
      name: 'Countess of Lovelace',
      roles: [],
      emailVerified: false,
      createdAt: expect.any(String),
    });
    expect((await device.send('/v1/users/me')).body).toEqual(answer.body);
    expect((await device.refresh()).body.user.name).toBe('Countess of Lovelace');
  });

  test('a name can be taken away', async () => {
    const device = await Device.register(service, { name: 'Ada' });
    expect((await device.send('/v1/users/me', { method: 'PATCH', body: { name: null } })).body.name).toBeNull();
  });

  test.each([
    ['nothing', {}, '/name'],
    ['only spaces', { name: '   ' }, '/name'],
    ['101 characters', { name: 'x'.repeat(101) }, '/name'],
    ['a line break', { name: 'Ada\nroot' }, '/name'],
    ['a number', { name: 7 }, '/name'],
    ['a field that is not the person’s to change', { name: 'Ada', roles: ['admin'] }, '/roles'],
  ])('%s is no name: 400 that says so, and the name stays', async (_what, body, pointer) => {
    const device = await Device.register(service, { name: 'Ada' });
    const answer = await device.send('/v1/users/me', { method: 'PATCH', body });
    expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.stringMatching(/\w+/) }]);
    expect((await device.send('/v1/users/me')).body).toMatchObject({ name: 'Ada', roles: [] });
  });
});

describe('Passwords are kept as typed, from 8 to 256 code points', () => {
  const signIn = (email: string, password: string) =>
    send(service, '/v1/auth/login', { body: { email, password, delivery: 'body' } });

  test.each([
    ['letters', 'x'.repeat(255)],
    ['emoji', '\u{1f510}'.repeat(255)],
    ['characters that JSON escapes', '\u0001'.repeat(255)],
  ])('two of 256 %s that differ in the last are two', async (_what, start) => {
    const email = newEmail();
    expect((await register({ email, password: `${start}a` })).status).toBe(201);
    expect((await signIn(email, `${start}b`)).code).toBe('credentials_invalid');
    expect((await signIn(email, start)).code).toBe('credentials_invalid');
    expect((await signIn(email, `${start}a`)).status).toBe(200);
  });

  test('composed and decomposed spellings are one, even of the longest', async () => {
    const email = newEmail();
    // The longest decomposition there is: four code points for one.
    const password = '\u1f82'.repeat(256);
    expect((await register({ email, password: password.normalize('NFD') })).status).toBe(201);
    expect((await signIn(email, password)).status).toBe(200);
  });

  test.each([
    ['257 code points', '\u{1f510}'.repeat(257), 'Use at most 256 characters.'],
    ['more than is looked at', 'x'.repeat(1_025), 'Use at most 256 characters.'],
    ['7 code points of 14 units', '\u{1f510}'.repeat(7), 'Use at least 8 characters.'],
    ['a common one', 'QwertyUIOP', 'This password is among the most common ones: choose another.'],
  ])('%s: 400 with what to do', async (_what, password, detail) => {
    const answer = await register({ email: newEmail(), password });
    expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([{ pointer: '/password', detail }]);
  });

  test('the name and the address of the account are no password', async () => {
    const email = newEmail();
    const answer = await register({ email, name: 'Augusta King', password: 'augusta-king' });
    expect(answer.body.errors[0]).toMatchObject({ pointer: '/password', detail: expect.stringContaining('too close') });
    expect((await register({ email, password: email })).status).toBe(400);
  });
});
