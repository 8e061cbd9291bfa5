import { send, type Device } from './support/device.js';
import { addApplication, administrationOf } from './support/applications.js';
import { basic } from './support/feed.js';
import { ACT, registerAdmin } from './support/operator.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let admin: Device;

beforeAll(async () => {
  service = await startService();
  admin = await registerAdmin(service);
});
afterAll(() => service.stop());

const reason = 'the shop opens';
const path = '/v1/admin/applications';
const post = (where: string, body: object) => admin.send(path + where, { body: { reason, ...body } });
const patch = (id: string, body: object) => admin.send(`${path}/${id}`, { method: 'PATCH', body: { reason, ...body } });
const follow = (id: string, secret: string) =>
  send(service, '/v1/revocations', { headers: { authorization: basic(id, secret) } });
const auditOf = (id: string) =>
  service.db.query(
    `select type, actor, reason, details from audit_events where application_id = $1 order by created_at, id`,
    [id],
  );

test('made with an id alone: its audience is its id, both deliveries, everything else as configured, no secret', async () => {
  const made = await post('', { id: 'plain' });
  expect(made).toMatchObject({ status: 201, code: null });
  expect(made.body).toEqual({
    id: 'plain',
    name: 'plain',
    audience: 'plain',
    builtIn: false,
    enabled: true,
    origins: [],
    delivery: ['cookie', 'body'],
    accessTokenTtl: null,
    sessionIdle: null,
    sessionMax: null,
    sessionIdleRemembered: null,
    sessionMaxRemembered: null,
    permissions: [],
    secrets: [],
    createdAt: expect.any(String),
  });
  expect((await admin.send(`${path}/plain`)).body).toEqual(made.body);
});

test('made with all there is, listed beside the built-in one, which has its origins from the configuration', async () => {
  const all = {
    id: 'full',
    name: 'The shop',
    audience: 'https://api.shop.example',
    origins: ['https://shop.example', 'https://www.shop.example'],
    delivery: ['cookie'],
    accessTokenTtl: 300,
    sessionIdle: 3600,
    sessionMax: 7200,
    sessionIdleRemembered: 86_400,
    sessionMaxRemembered: 172_800,
    permissions: ['sessions'],
  };
  expect((await post('', all)).body).toMatchObject(all);
  const { items } = (await admin.send(path)).body;
  expect(items).toContainEqual(expect.objectContaining(all));
  expect(items).toContainEqual(
    expect.objectContaining({ id: 'account', builtIn: true, origins: [service.config.publicUrl], enabled: true }),
  );
});

test('changed: what is named, and only that; the audit has what it was and what it is', async () => {
  const id = await addApplication(service, { origins: ['https://a.example'], accessTokenTtl: 300 });
  const changed = await patch(id, { name: 'New name', origins: ['https://b.example'] });
  expect(changed.body).toMatchObject({ name: 'New name', origins: ['https://b.example'], accessTokenTtl: 300 });
  expect((await patch(id, { accessTokenTtl: null })).body).toMatchObject({ name: 'New name', accessTokenTtl: null });
  const [, first, second] = await auditOf(id);
  expect(first).toEqual({
    type: 'application.changed',
    actor: `user:${admin.userId}`,
    reason,
    details: {
      name: { before: null, after: 'New name' },
      origins: { before: ['https://a.example'], after: ['https://b.example'] },
    },
  });
  expect(second).toMatchObject({ details: { accessTokenTtl: { before: 300, after: null } } });
});

test('changed to what it is already: nothing is written down', async () => {
  const id = await addApplication(service, { name: 'Same', delivery: ['body'] });
  expect((await patch(id, { name: 'Same', delivery: ['body'] })).status).toBe(200);
  expect((await auditOf(id)).map(({ type }) => type)).toEqual(['application.created']);
});

const BAD = [
  ['an id of capital letters', { id: 'Shop' }, '/id'],
  ['an id that begins with -', { id: '-shop' }, '/id'],
  ['an id of 64 characters', { id: 'a'.repeat(64) }, '/id'],
  ['an id whose cookie would be the access token of another', { id: 'access-shop' }, '/id'],
  ['an id whose cookie would be the CSRF token of another', { id: 'csrf-shop' }, '/id'],
  ['no id', { id: undefined }, '/id'],
  ['an audience with a space', { audience: 'the shop' }, '/audience'],
  ['an origin with a path', { origins: ['https://shop.example/login'] }, '/origins/0'],
  ['the origin of sandboxed frames', { origins: ['null'] }, '/origins/0'],
  ['every origin', { origins: ['*'] }, '/origins/0'],
  ['the origin of no page', { origins: ['https://a.example', 'ftp://a.example'] }, '/origins/1'],
  ['a delivery there is not', { delivery: ['pigeon'] }, '/delivery/0'],
  ['no delivery at all', { delivery: [] }, '/delivery'],
  ['tokens of more than an hour', { accessTokenTtl: 3601 }, '/accessTokenTtl'],
  ['tokens of no life', { accessTokenTtl: 0 }, '/accessTokenTtl'],
  ['a life in words', { accessTokenTtl: '10m' }, '/accessTokenTtl'],
  ['sessions longer than cookies', { sessionMax: 401 * 86_400 }, '/sessionMax'],
  ['sessions idle for longer than they last', { sessionIdle: 7200, sessionMax: 3600 }, '/sessionIdle'],
  ['the same, where people are remembered', { sessionMaxRemembered: 3600 }, '/sessionIdleRemembered'],
  ['sessions that end while in use', { accessTokenTtl: 600, sessionIdle: 660 }, '/sessionIdle'],
  ['a permission there is not', { permissions: ['everything'] }, '/permissions/0'],
  ['a name of two lines', { name: 'two\nlines' }, '/name'],
  ['an unknown field', { secret: 'mine' }, '/secret'],
  ['no reason', { reason: ' ' }, '/reason'],
] as const;

test.each(BAD)('refused, and nothing made: %s', async (_, given, pointer) => {
  const before = await service.db.query('select count(*) from applications');
  const answer = await post('', { id: 'bad', ...given });
  expect(answer).toMatchObject({ status: 400, code: 'validation_failed' });
  expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  expect(await service.db.query('select count(*) from applications')).toEqual(before);
});

test('an id or an audience that is taken is 409, also between two who ask at once', async () => {
  await addApplication(service, { id: 'taken', audience: 'https://taken.example' });
  expect(await post('', { id: 'taken' })).toMatchObject({ status: 409, code: 'conflict' });
  const second = await post('', { id: 'other', audience: 'https://taken.example' });
  expect(second).toMatchObject({ status: 409, body: { detail: expect.stringContaining('audience') } });
  expect((await post('', { id: 'account-2', audience: 'account' })).status).toBe(409);
  const racing = await Promise.all(Array.from({ length: 8 }, () => post('', { id: 'racing' })));
  expect(racing.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(7).fill(409)]);
});

test('the audience and the id never change, and nothing at all is no change', async () => {
  const id = await addApplication(service);
  for (const change of [{ audience: 'other' }, { id: 'other' }, {}])
    expect(await patch(id, change)).toMatchObject({ status: 400, code: 'validation_failed' });
});

test('of the built-in one, what stands in the configuration is not changed, and it is never disabled', async () => {
  for (const change of [{ origins: ['https://x.example'] }, { sessionIdle: 3600 }, { delivery: ['body'] }])
    expect(await patch('account', change)).toMatchObject({ status: 409, code: 'conflict' });
  expect(await post('/account/disable', {})).toMatchObject({ status: 409, code: 'conflict' });
  expect((await patch('account', { name: 'Our account pages' })).body).toMatchObject({ name: 'Our account pages' });
  expect(await admin.access()).toBeNull();
});

test('what there is not is 404, and disabling or enabling twice is 409', async () => {
  for (const where of ['/nobody/disable', '/nobody/enable', '/nobody/secrets'])
    expect(await post(where, {})).toMatchObject({ status: 404, code: 'not_found' });
  expect(await patch('nobody', { name: 'x' })).toMatchObject({ status: 404 });
  const id = await addApplication(service);
  expect(await post(`/${id}/enable`, {})).toMatchObject({ status: 409, code: 'conflict' });
  expect((await post(`/${id}/disable`, {})).body).toMatchObject({ enabled: false });
  expect(await post(`/${id}/disable`, {})).toMatchObject({ status: 409, code: 'conflict' });
  expect((await post(`/${id}/enable`, {})).body).toMatchObject({ enabled: true });
});

test('a secret is shown once and stored as a hash; the one before it is good for the overlap, and no longer', async () => {
  const id = await addApplication(service);
  const first = await post(`/${id}/secrets`, {});
  expect(first).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^pas_[\w-]{43}$/) } });
  const second = await post(`/${id}/secrets`, { overlap: 3600 });
  for (const { body } of [first, second]) expect((await follow(id, body.secret)).status).toBe(200);
  expect(second.body.application.secrets).toMatchObject([
    { id: first.body.id },
    { id: second.body.id, expiresAt: null },
  ]);

  await service.advance(3_601);
  // The tables' clock moved; this instance looks at them again within ten seconds.
  await administrationOf(service).rotateSecret(id, ACT);
  expect((await follow(id, first.body.secret)).code).toBe('client_credentials_invalid');
  expect((await follow(id, second.body.secret)).status).toBe(200);
  const kept = JSON.stringify([
    await service.db.query('select encode(secret_hash, $1) from application_credentials', ['escape']),
    await auditOf(id),
    (await admin.login(), (await admin.send(path)).body),
  ]);
  for (const { body } of [first, second]) expect(kept).not.toContain(body.secret.slice(4, 20));
});

test('with no overlap the older ones end at once; one that leaked is withdrawn, and its neighbour goes on', async () => {
  await admin.login();
  const id = await addApplication(service);
  const [a, b] = [(await post(`/${id}/secrets`, {})).body, (await post(`/${id}/secrets`, { overlap: 0 })).body];
  expect((await follow(id, a.secret)).status).toBe(401);
  const c = (await post(`/${id}/secrets`, {})).body;
  const withdraw = (secretId: string, query = '?reason=leaked') =>
    admin.send(`${path}/${id}/secrets/${secretId}${query}`, { method: 'DELETE' });
  expect(await withdraw(b.id, '')).toMatchObject({ status: 400 });
  expect((await withdraw(b.id)).status).toBe(204);
  expect([(await follow(id, b.secret)).status, (await follow(id, c.secret)).status]).toEqual([401, 200]);
  expect(await withdraw(b.id)).toMatchObject({ status: 404 });
  const other = await addApplication(service);
  expect(await admin.send(`${path}/${other}/secrets/${c.id}?reason=x`, { method: 'DELETE' })).toMatchObject({
    status: 404,
  });
  expect((await auditOf(id)).map(({ type }) => type)).toEqual([
    'application.created',
    ...Array<string>(3).fill('application.secret_created'),
    'application.secret_withdrawn',
  ]);
});

test('what is left of a secret goes a month after it ran out, when a later one is made', async () => {
  const id = await addApplication(service);
  const count = async () =>
    Number((await service.db.query('select from application_credentials where application_id = $1', [id])).length);
  await administrationOf(service).rotateSecret(id, ACT, 0);
  await administrationOf(service).rotateSecret(id, ACT, 0);
  expect(await count()).toBe(2);
  await service.advance(29 * 86_400);
  await administrationOf(service).rotateSecret(id, ACT, 86_400);
  expect(await count()).toBe(3);
  await service.advance(2 * 86_400);
  await administrationOf(service).rotateSecret(id, ACT, 0);
  // The first has gone: the second was good until the third came, the third for a day more.
  expect(await count()).toBe(3);
  await expect(administrationOf(service).rotateSecret(id, ACT, 31 * 86_400)).rejects.toMatchObject({
    code: 'validation_failed',
  });
});

test('the secrets of a disabled application are refused, and good again once it is enabled', async () => {
  const id = await addApplication(service);
  const { secret } = await administrationOf(service).rotateSecret(id, ACT);
  expect((await follow(id, secret)).status).toBe(200);
  await administrationOf(service).disable(id, ACT);
  expect(await follow(id, secret)).toMatchObject({ status: 401, code: 'client_credentials_invalid' });
  await administrationOf(service).enable(id, ACT);
  expect((await follow(id, secret)).status).toBe(200);
});

test('nothing half done: an act whose line in the audit cannot be written did not happen', async () => {
  const id = await addApplication(service);
  await service.db.query(`alter table audit_events add constraint refuse check (reason <> 'unwritable') not valid`);
  const state = () =>
    service.db.query(
      `select (select json_agg(a order by id) from applications a) as applications,
              (select count(*) from application_credentials) as secrets, (select seq from revocation_head) as head`,
    );
  const before = await state();
  const [act, service_] = [{ ...ACT, reason: 'unwritable' }, administrationOf(service)];
  const acts = [
    () => service_.create({ id: 'unwritable' }, act),
    () => service_.update(id, { name: 'x' }, act),
    () => service_.rotateSecret(id, act),
    () => service_.disable(id, act),
  ];
  for (const attempt of acts) await expect(attempt()).rejects.toThrow();
  await service.db.query('alter table audit_events drop constraint refuse');
  expect(await state()).toEqual(before);
});
