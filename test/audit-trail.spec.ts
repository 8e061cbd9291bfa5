import { AuditTrailService } from '../src/audit/audit-trail.service.js';
import { Device, send } from './support/device.js';
import { accountsOf, registerAdmin } from './support/operator.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let admin: Device;

beforeAll(async () => {
  service = await startService();
  admin = await registerAdmin(service);
});
afterAll(() => service.stop());

interface Entry {
  id: string;
  type: string;
  userId: string | null;
  createdAt: string;
}

const list = async (query: string): Promise<{ items: Entry[]; nextCursor?: string }> =>
  (await admin.send(`/v1/admin/audit?${query}`)).body;

async function exportOf(query = ''): Promise<{ headers: Headers; lines: Entry[]; text: string }> {
  const response = await fetch(`${service.url}/v1/admin/audit/export?${query}`, {
    headers: { authorization: `Bearer ${admin.accessToken}` },
  });
  const text = await response.text();
  const lines =
    response.status !== 200
      ? []
      : text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Entry);
  return { headers: response.headers, lines, text };
}

describe('GET /v1/admin/audit', () => {
  test('finds by person, by who did it, by type and by time, and by all of them at once', async () => {
    const device = await Device.register(service);
    const { userId } = device;
    const actor = 'operator:audit-test';
    await accountsOf(service).suspend(userId, { actor, reason: 'fraud' });
    await accountsOf(service).restore(userId, { actor, reason: 'a mistake' });
    const typesOf = async (query: string) => (await list(query)).items.map(({ type }) => type);
    const acts = ['account.restored', 'account.suspended'];
    expect(await typesOf(`userId=${userId}`)).toEqual([...acts, 'session.started', 'account.registered']);
    expect(await typesOf(`actor=${actor}`)).toEqual(acts);
    expect(await typesOf(`actor=${actor}&type=account.suspended&userId=${userId}`)).toEqual(['account.suspended']);
    expect(await typesOf(`type=account.suspended&userId=${admin.userId}`)).toEqual([]);
    const [restored, suspended] = (await list(`actor=${actor}`)).items;
    await service.db.query('select 1');
    expect(await typesOf(`actor=${actor}&to=${restored!.createdAt}`)).not.toContain('account.restored');
    expect(await typesOf(`actor=${actor}&from=${suspended!.createdAt}`)).toEqual(acts);
    expect(await typesOf(`actor=${actor}&from=2099-01-01T00:00:00%2B02:00`)).toEqual([]);
  });

  test('comes in pages, the newest first: each row once, also those of one transaction', async () => {
    for (let n = 0; n < 4; n++) {
      const { userId } = await Device.register(service);
      await accountsOf(service).change(
        userId,
        { status: 'suspended', roles: ['a'] },
        { actor: 'operator:pages', reason: 'x' },
      );
    }
    const { items: whole } = await list('actor=operator:pages&limit=100');
    expect(whole).toHaveLength(8);
    const paged: Entry[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await list(`actor=operator:pages&limit=3${cursor && `&cursor=${cursor}`}`);
      paged.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(whole);
  });

  test.each([
    ['userId=ada', '/userId'],
    ['type=account.exploded', '/type'],
    ['from=yesterday', '/from'],
    ['to=0000-01-01T00:00:00Z', '/to'],
    ['cursor=MDAwMC0wMS0wMVQwMDowMDowMC4wMDAwMDBaXzE', '/cursor'],
    ['cursor=nonsense', '/cursor'],
    ['reason=fraud', '/reason'],
  ])('?%s is 400 with a pointer to it', async (query, pointer) => {
    const answer = await admin.send(`/v1/admin/audit?${query}`);
    expect(answer).toMatchObject({ status: 400, code: 'validation_failed', body: { errors: [{ pointer }] } });
  });

  test('among many rows each filter has its index', async () => {
    await service.db.query(
      `insert into audit_events (type, user_id, actor, details, created_at)
       select 'session.started', gen_random_uuid(), 'user:' || gen_random_uuid(), '{}', now() - n * interval '1 second'
         from generate_series(1, 20000) n`,
    );
    await service.db.query('analyze audit_events');
    for (const [condition, index] of [
      ['true', /audit_events_created_at_idx/],
      [`created_at < now() - interval '2 hours'`, /audit_events_created_at_idx/],
      [`type = 'account.suspended'`, /audit_events_type_idx/],
      [`actor = 'operator:pages'`, /audit_events_actor_idx/],
      [`user_id = '${admin.userId}'`, /audit_events_user_id_idx/],
    ] as const) {
      const rows = await service.db.query<{ 'QUERY PLAN': string }>(
        `explain select * from audit_events where ${condition} order by created_at desc, id desc limit 50`,
      );
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(index);
    }
  });
});

describe('GET /v1/admin/audit/export', () => {
  test('is all of it as JSON lines, the oldest first, in many batches, each row once', async () => {
    const { headers, lines } = await exportOf();
    const [count] = await service.db.query<{ count: string }>('select count(*) from audit_events');
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(headers.get('cache-control')).toContain('no-store');
    expect(lines.length).toBe(Number(count!.count));
    expect(lines.length).toBeGreaterThan(1_000);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
    const times = lines.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted());
  });

  test('is read a batch at a time, and no further than its reader has come', async () => {
    const reading = service.app.get(AuditTrailService, { strict: false }).exportLines({});
    const first = (await reading.next()).value as string;
    expect(first.split('\n').length - 1).toBe(500);
    // What was added after it was asked for is not waited for, else a trail could be without an end.
    await Device.register(service);
    let lines = 500;
    for await (const batch of reading) lines += batch.split('\n').length - 1;
    const [count] = await service.db.query<{ count: string }>('select count(*) from audit_events');
    expect(lines).toBe(Number(count!.count) - 2);
  });

  test('a reader who goes away in the middle is no fault', async () => {
    const response = await fetch(`${service.url}/v1/admin/audit/export`, {
      headers: { authorization: `Bearer ${admin.accessToken}` },
    });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    expect((await exportOf()).lines.length).toBeGreaterThan(1_000);
  });

  test('takes the same filters; a row reads as in the list', async () => {
    const { lines } = await exportOf('actor=operator:pages');
    const { items } = await list('actor=operator:pages');
    expect(lines.toReversed()).toEqual(items);
    expect((await exportOf('actor=nobody')).lines).toEqual([]);
  });

  test('what a reason, a name or a user agent carries neither breaks a line nor steers a terminal', async () => {
    const device = await Device.register(service, { name: '{"type":"account.deleted"}\\n' });
    await fetch(`${service.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'x\u009b2Jx' },
      body: JSON.stringify({ email: device.email, password: device.password, delivery: 'body' }),
    });
    await send(service, `/v1/users/me`, {
      method: 'PATCH',
      token: device.accessToken,
      body: { name: 'Ada' },
      headers: { 'user-agent': 'curl "\\' },
    });
    const { lines, text } = await exportOf(`userId=${device.userId}`);
    expect(lines.map(({ type }) => type)).toEqual([
      'account.registered',
      'session.started',
      'session.started',
      'account.renamed',
    ]);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    const [row] = await service.db.query<{ agents: string }>(
      `select string_agg(user_agent, ' ') as agents from audit_events where user_id = $1`,
      [device.userId],
    );
    expect(row!.agents).not.toMatch(/\p{Cc}/u);
  });

  test('no secret is in any row of it', async () => {
    const device = await Device.register(service);
    const secrets = [device.password, device.accessToken, device.refreshToken, device.refreshToken.split('.')[3]!];
    await device.refresh();
    await device.send('/v1/auth/password', {
      body: { currentPassword: device.password, newPassword: 'difference engine 1822' },
    });
    const { text } = await exportOf();
    for (const secret of [...secrets, 'difference engine 1822']) expect(text).not.toContain(secret);
    expect(text).not.toContain('$argon2');
  });
});
