import { claimsOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { accountsOf, ACT, registerAdmin } from './support/operator.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let admin: Device;

beforeAll(async () => {
  service = await startService();
  admin = await registerAdmin(service);
});
afterAll(() => service.stop());

const get = async (path: string) => (await admin.send(`/v1/admin/${path}`)).body;
const idsOf = async (query: string): Promise<string[]> =>
  (await get(`users?${query}`)).items.map(({ id }: { id: string }) => id);
const patch = (userId: string, body: object) =>
  admin.send(`/v1/admin/users/${userId}`, { method: 'PATCH', body: { reason: 'fraud, case 17', ...body } });

async function registerAs(email: string): Promise<Device> {
  const device = new Device(service, email);
  await device.keeping(
    send(service, '/v1/auth/register', { body: { email, password: device.password, delivery: 'body' } }),
  );
  return device;
}

describe('GET /v1/admin/users', () => {
  test('finds by address however it is typed, by what it begins with, by status and by role', async () => {
    const [bea, bob] = [await registerAs('bea_1@example.com'), await registerAs('bob@bücher.example')];
    await accountsOf(service).setRoles(bea.userId, ['editor', 'auditor'], ACT);
    await accountsOf(service).suspend(bob.userId, ACT);
    expect(await idsOf('email=%20BEA_1@Example.com')).toEqual([bea.userId]);
    expect(await idsOf('email=bob@xn--bcher-kva.example')).toEqual([bob.userId]);
    expect(await idsOf('q=B')).toEqual([bob.userId, bea.userId]);
    expect(await idsOf('q=be%25')).toEqual([]);
    expect(await idsOf('q=bea_1')).toEqual([bea.userId]);
    expect(await idsOf('q=bea%5F2')).toEqual([]);
    expect(await idsOf('status=suspended')).toEqual([bob.userId]);
    expect(await idsOf('role=auditor')).toEqual([bea.userId]);
    expect(await idsOf('role=auditor&status=suspended')).toEqual([]);
    await bea.refresh();
    await bea.send('/v1/users/me', { method: 'DELETE' });
    expect(await get(`users/${bea.userId}`)).toMatchObject({ status: 'deleted', email: null, roles: [] });
    expect(await idsOf('status=deleted')).toEqual([bea.userId]);
  });

  test('comes in pages, the newest first: each account once', async () => {
    for (let n = 0; n < 5; n++) await Device.register(service);
    const whole = await idsOf('limit=100');
    const paged: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: { items: { id: string }[]; nextCursor?: string } = await get(
        `users?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      paged.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(whole);
    expect(new Set(paged).size).toBe(whole.length);
  });

  test('tells nothing that helps to sign in', async () => {
    const { items } = await get('users');
    expect(Object.keys(items[0]).toSorted()).toEqual([
      'createdAt',
      'deletedAt',
      'email',
      'emailVerified',
      'id',
      'name',
      'passwordChangedAt',
      'roles',
      'status',
    ]);
    expect(JSON.stringify(items)).not.toMatch(/argon|hash|secret|version/i);
  });

  test.each([
    ['email=nonsense', '/email'],
    ['status=gone', '/status'],
    ['role=no%20role', '/role'],
    ['limit=101', '/limit'],
    ['limit=0', '/limit'],
    ['cursor=first', '/cursor'],
    ['q=', '/q'],
    ['name=ada', '/name'],
  ])('?%s is 400 with a pointer to it', async (query, pointer) => {
    const answer = await admin.send(`/v1/admin/users?${query}`);
    expect(answer).toMatchObject({ status: 400, code: 'validation_failed', body: { errors: [{ pointer }] } });
  });

  test('among many it reads no more than a page: each search has its index', async () => {
    await service.db.query(
      `insert into users (id, email, status, roles, token_version, sessions_floor, created_at, updated_at)
       select gen_random_uuid(), 'p' || n || '@many.example', 'active', '{}', 1, 1, now(), now()
         from generate_series(1, 20000) n`,
    );
    await service.db.query('vacuum analyze users');
    const plans: [string, RegExp][] = [
      [`email collate "C" like 'p1999%'`, /users_email_prefix_idx/],
      [`roles <> '{}' and roles @> array['admin']::text[]`, /users_roles_idx/],
      [`status = 'suspended'`, /users_status_idx/],
      [`email collate "C" like 'p%'`, /users_pkey/],
    ];
    for (const [condition, index] of plans) {
      const rows = await service.db.query<{ 'QUERY PLAN': string }>(
        `explain select id from users where ${condition} order by id desc limit 50`,
      );
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(index);
    }
    expect(await idsOf('q=p19999@')).toHaveLength(1);
    // What keeps the last administrator looks for the others by the same index.
    const lock = await service.db.query<{ 'QUERY PLAN': string }>(
      `explain select id from users where id = '${admin.userId}'
           or (status = 'active' and roles <> '{}' and roles @> '{admin}'
               and exists (select from users where id = '${admin.userId}')) order by id for no key update`,
    );
    expect(lock.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(/Seq Scan on users/);
    await service.db.query(`delete from users where email like '%@many.example'`);
  });
});

describe('PATCH /v1/admin/users/:id', () => {
  test('suspends: out at once and no sign-in; lets in again; the audit has who, why and from where', async () => {
    const device = await Device.register(service);
    const { userId } = device;
    const answer = await patch(userId, { status: 'suspended' });
    expect(answer).toMatchObject({ status: 200, body: { id: userId, status: 'suspended', email: device.email } });
    expect([await device.access(), (await device.refresh()).code, (await device.login()).code]).toEqual(
      Array(3).fill('account_suspended'),
    );
    const again = await patch(userId, { status: 'suspended' });
    expect(again).toMatchObject({
      status: 409,
      code: 'conflict',
      body: { detail: 'The account is suspended already.' },
    });
    expect((await patch(userId, { status: 'active' })).body.status).toBe('active');
    expect((await device.login()).status).toBe(200);
    const { items } = await get(`audit?userId=${userId}&limit=3`);
    const told = { actor: `user:${admin.userId}`, reason: 'fraud, case 17', ip: '127.0.0.1', userAgent: 'node' };
    expect(items).toMatchObject([
      { type: 'session.started', actor: `user:${userId}` },
      { ...told, type: 'account.restored', userId },
      { ...told, type: 'account.suspended', userId },
    ]);
  });

  test('gives roles: the next refresh carries them', async () => {
    const device = await Device.register(service);
    expect((await patch(device.userId, { roles: ['editor', 'auditor', 'editor'] })).body.roles).toEqual([
      'auditor',
      'editor',
    ]);
    expect(await device.access()).toBe('token_outdated');
    await device.refresh();
    expect(claimsOf(device.accessToken)['roles']).toEqual(['auditor', 'editor']);
  });

  test('status and roles at once; when one cannot be, neither is', async () => {
    const { userId } = await Device.register(service);
    expect((await patch(userId, { status: 'suspended', roles: ['editor'] })).body).toMatchObject({
      status: 'suspended',
      roles: ['editor'],
    });
    expect((await patch(userId, { status: 'suspended', roles: [] })).status).toBe(409);
    expect((await get(`users/${userId}`)).roles).toEqual(['editor']);
  });

  test('roles that somebody else has changed meanwhile: one of two at once is told so, and nothing of theirs is lost', async () => {
    const { userId } = await Device.register(service);
    await patch(userId, { roles: ['editor', 'auditor'] });
    const expectedRoles = ['editor', 'auditor'];
    const answers = await Promise.all([
      patch(userId, { roles: ['editor', 'auditor', 'clerk'], expectedRoles }),
      patch(userId, { roles: ['editor'], expectedRoles }),
    ]);
    const [done, refused] = answers.toSorted((a, b) => a.status - b.status);
    expect([done!.status, refused!.status, refused!.code]).toEqual([200, 409, 'conflict']);
    expect(refused!.body.detail).toContain(`It has ${done!.body.roles.join(', ')} now.`);
    expect((await get(`users/${userId}`)).roles).toEqual(done!.body.roles);
    expect((await patch(userId, { status: 'suspended', roles: [], expectedRoles: ['other'] })).status).toBe(409);
    expect(await get(`users/${userId}`)).toMatchObject({ status: 'active', roles: done!.body.roles });
  });

  test('the last administrator keeps the role, says a sentence', async () => {
    const answer = await patch(admin.userId, { roles: [] });
    expect(answer).toMatchObject({ status: 409, code: 'conflict' });
    expect(answer.body.detail).toMatch(/^This is the last active administrator\./);
    expect(await admin.access()).toBeNull();
  });

  test.each([
    [{}, ''],
    [{ status: 'deleted' }, '/status'],
    [{ status: null }, '/status'],
    [{ roles: 'admin' }, '/roles'],
    [{ roles: ['no role'] }, '/roles/0'],
    [{ roles: [1] }, '/roles/0'],
    [{ status: 'active', password: 'analytical engine 1843' }, '/password'],
    [{ status: 'active', email: 'eve@example.com' }, '/email'],
  ])('%j is 400 with a pointer, and nothing is changed', async (body, pointer) => {
    const { userId } = await Device.register(service);
    const before = await get(`users/${userId}`);
    const answer = await patch(userId, body);
    expect(answer).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(answer.body.errors[0].pointer).toBe(pointer);
    expect(await get(`users/${userId}`)).toEqual(before);
  });
});
