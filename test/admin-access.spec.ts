import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import type { Operation } from '../src/pages/openapi.js';
import { headerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { changeAccount, registerAdmin } from './support/operator.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

interface Route {
  method: string;
  path: string;
  operation: Operation;
}

let service: Service;
let routes: Route[];
let admin: Device;

beforeAll(async () => {
  service = await startService();
  const { paths } = (await send(service, '/openapi.json')).body as { paths: Record<string, Record<string, Operation>> };
  routes = Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/admin/'))
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
  admin = await registerAdmin(service);
});
afterAll(() => service.stop());

const state = () =>
  service.db.query(
    `select (select json_agg(u order by id) from users u) as users, (select count(*) from audit_events) as audit,
            (select count(*) from sessions where ended_at is not null) as ended, (select seq from revocation_head) as head,
            (select json_agg(k.status order by kid) from signing_keys k) as keys,
            (select json_agg(a order by id) from applications a) as applications`,
  );

/** A route with identifiers of what there is, a reason, and a body that would be accepted. */
function callOf({ method, path }: Route, victim: Device) {
  const target = path
    .replace('{id}', victim.userId)
    .replace('{sessionId}', victim.sessionId)
    .replace('{secretId}', victim.sessionId)
    .replace('{kid}', String(headerOf(victim.accessToken)['kid']));
  const query = method === 'DELETE' ? '?reason=a+test' : '';
  const bodies: Record<string, unknown> = {
    'PATCH /v1/admin/users/{id}': { status: 'suspended', reason: 'a test' },
    'POST /v1/admin/applications': { id: 'shop', reason: 'a test' },
    'PATCH /v1/admin/applications/{id}': { name: 'Shop', reason: 'a test' },
    'POST /v1/admin/applications/{id}/secrets': { reason: 'a test' },
    'POST /v1/admin/applications/{id}/disable': { reason: 'a test' },
    'POST /v1/admin/applications/{id}/enable': { reason: 'a test' },
    'POST /v1/admin/revocations': { kind: 'user', subject: victim.userId, reason: 'a test' },
    'POST /v1/admin/keys/rotate': { reason: 'a test' },
    'POST /v1/admin/keys/{kid}/withdraw': { reason: 'a test' },
  };
  const body = bodies[`${method} ${path}`];
  return [`${target}${query}`, { method, ...(body !== undefined && { body }) }] as const;
}

describe('Every route of operators', () => {
  test('is one of those that are tried here', () => {
    const told = routes.map(({ method, path }) => `${method} ${path}`);
    expect(told).toEqual(
      expect.arrayContaining([
        'GET /v1/admin/users',
        'GET /v1/admin/users/{id}',
        'PATCH /v1/admin/users/{id}',
        'GET /v1/admin/users/{id}/sessions',
        'DELETE /v1/admin/users/{id}/sessions',
        'DELETE /v1/admin/users/{id}/sessions/{sessionId}',
        'GET /v1/admin/applications',
        'POST /v1/admin/applications',
        'GET /v1/admin/applications/{id}',
        'PATCH /v1/admin/applications/{id}',
        'POST /v1/admin/applications/{id}/secrets',
        'DELETE /v1/admin/applications/{id}/secrets/{secretId}',
        'POST /v1/admin/applications/{id}/disable',
        'POST /v1/admin/applications/{id}/enable',
        'GET /v1/admin/revocations',
        'POST /v1/admin/revocations',
        'GET /v1/admin/keys',
        'POST /v1/admin/keys/rotate',
        'POST /v1/admin/keys/{kid}/withdraw',
        'GET /v1/admin/audit',
        'GET /v1/admin/audit/export',
      ]),
    );
    for (const { operation } of routes) {
      expect(operation).toMatchObject({ 'x-required-roles': ['admin'], 'x-recent-authentication': 3_600 });
      expect(operation.tags).toEqual(['Administration']);
    }
  });

  test('refuses strangers by 401, others than administrators by 403, and changes nothing', async () => {
    const victim = await Device.register(service);
    const editor = await Device.register(service);
    await changeAccount(service, editor.userId, { roles: ['editor', 'Admin', 'administrator'] });
    await editor.refresh();
    const before = await state();
    for (const route of routes) {
      const [target, request] = callOf(route, victim);
      expect(await send(service, target, request)).toMatchObject({ status: 401, code: 'token_missing' });
      for (const device of [victim, editor]) {
        expect(await device.send(target, request)).toMatchObject({ status: 403, code: 'forbidden' });
      }
    }
    expect(await state()).toEqual(before);
  });

  test('refuses an administrator who proved who they are too long ago by 401, and changes nothing', async () => {
    const [late, victim] = [await registerAdmin(service), await Device.register(service)];
    await service.advance(3_601);
    await late.refresh();
    const before = await state();
    for (const route of routes) {
      const [target, request] = callOf(route, victim);
      const answer = await late.send(target, request);
      expect(answer).toMatchObject({ status: 401, code: 'reauthentication_required', body: { maxAge: 3_600 } });
    }
    expect(await state()).toEqual(before);
    admin = await registerAdmin(service);
  });

  test('refuses an administrator demoted on another instance, from that moment on', async () => {
    // Which hears of it by its look each second only: the call itself has to look.
    const other = await startService({ besides: service, env: { REVOCATION_LISTEN: 'false' } });
    const demoted = await registerAdmin(service);
    await catchUp(other);
    expect((await demoted.send('/v1/admin/users', {}, other)).status).toBe(200);
    await catchUp(other);
    await changeAccount(service, demoted.userId, { roles: [] });
    expect(await demoted.send('/v1/admin/users', {}, other)).toMatchObject({ status: 401, code: 'token_outdated' });
    await demoted.refresh();
    expect(await demoted.send('/v1/admin/users', {}, other)).toMatchObject({ status: 403, code: 'forbidden' });
    await other.stop();
  });

  test('that acts wants a reason: 400 with a pointer to it, and nothing is changed', async () => {
    const victim = await Device.register(service);
    const before = await state();
    for (const route of routes.filter(({ method }) => method !== 'GET')) {
      const [target, { method, body }] = callOf(route, victim) as [string, { method: string; body?: object }];
      for (const reason of [undefined, '', ' ', 'x'.repeat(501), 'two\nlines']) {
        const query = reason === undefined ? '' : `?reason=${encodeURIComponent(reason)}`;
        const answer = body
          ? await admin.send(target, { method, body: { ...body, reason } })
          : await admin.send(target.replace(/\?.*/, query), { method });
        expect(answer).toMatchObject({ status: 400, code: 'validation_failed' });
        expect(answer.body.errors[0].pointer).toBe('/reason');
      }
    }
    expect(await state()).toEqual(before);
  });

  test('answers 404 for what there is not, and for what is no identifier', async () => {
    for (const id of [uuidv7(), 'nonsense', '%00']) {
      for (const route of routes.filter(({ path }) => path.includes('{id}'))) {
        const [, request] = callOf(route, admin);
        const target = route.path.replace('{id}', id).replace(/\{sessionId\}|\{secretId\}/, admin.sessionId);
        const query = route.method === 'DELETE' ? '?reason=a+test' : '';
        expect([id, route.path, (await admin.send(`${target}${query}`, request)).status]).toEqual([
          id,
          route.path,
          404,
        ]);
      }
    }
  });
});

test('whatever comes in a query or a body, no route of operators fails or hangs', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '%',
      '_',
      '\\',
      "'",
      '"',
      '\0',
      '\ud800',
      '{}',
      '{admin}',
      'a@b',
      '1e400',
      '-0',
      '0',
      '١',
      '\u202e',
    ),
    fc.constantFrom('0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z', '2026-02-30T00:00:00Z', '275760-09-13'),
    fc.constantFrom(
      'active',
      'everyone',
      'user',
      'token',
      'account.suspended',
      'MDAwMC0wMS0wMVQwMDowMDowMC4wMDAwMDBaXzE',
    ),
    fc.uuid(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  );
  const fields = [
    'email',
    'q',
    'status',
    'role',
    'limit',
    'cursor',
    'userId',
    'actor',
    'type',
    'from',
    'to',
    'kind',
    'subject',
    'id',
    'name',
    'audience',
    'origins',
    'accessTokenTtl',
    'overlap',
  ];
  const record = fc.dictionary(fc.constantFrom(...fields, 'roles', 'extra'), text, { maxKeys: 3 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), record, async (route, values) => {
      const target = route.path.replaceAll(/\{\w+\}/g, uuidv7());
      const request: { method: string; body?: unknown } = { method: route.method };
      let query = '';
      if (route.operation.requestBody) request.body = { reason: 'a test', ...values };
      else query = `?${new URLSearchParams(values).toString()}`;
      const response = await fetch(`${service.url}${target}${query}`, {
        method: route.method,
        headers: { authorization: `Bearer ${admin.accessToken}`, 'content-type': 'application/json' },
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      });
      await response.text();
      expect(response.status).toBeLessThan(500);
    }),
    { numRuns: 400, examples: [] },
  );
});
