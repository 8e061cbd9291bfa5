import fc from 'fast-check';
import type { ActivityResponse } from '../src/users/users.dto.js';
import { Device, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

type Item = ActivityResponse['items'][number];

let service: Service;
const logged: string[] = [];

beforeAll(async () => {
  service = await startService({ onLog: (line) => logged.push(line) });
});
afterAll(() => service.stop());

const page = async (device: Device, query = '') => (await device.send(`/v1/users/me/activity${query}`)).body;
const itemsOf = async (device: Device): Promise<Item[]> => (await page(device)).items;

test('each thing that happens to an account is told, newest first, with the device it was', async () => {
  const device = await Device.register(service, { deviceName: 'Laptop' });
  const phone = await device.another({ deviceName: 'Phone' });
  const tablet = await device.another({ deviceName: 'Tablet' });
  await device.send('/v1/users/me', { method: 'PATCH', body: { name: 'Ada' } });
  await device.send(`/v1/sessions/${tablet.sessionId}`, { method: 'PATCH', body: { name: 'Kitchen' } });
  await phone.send('/v1/auth/logout', { method: 'POST' });
  await device.send(`/v1/sessions/${tablet.sessionId}`, { method: 'DELETE' });
  await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } }));
  const passwords = { currentPassword: PASSWORD, newPassword: 'difference engine 1822' };
  await device.keeping(device.send('/v1/auth/password', { body: passwords }));

  const items = await itemsOf(device);
  const told = items
    .map(({ type, sessionId, reason, details }) => [type, sessionId, reason, details.device])
    .toReversed();
  expect(told).toEqual([
    ['account.registered', null, null, undefined],
    ['session.started', device.sessionId, null, 'Laptop'],
    ['session.started', phone.sessionId, null, 'Phone'],
    ['session.started', tablet.sessionId, null, 'Tablet'],
    ['account.renamed', null, null, undefined],
    ['session.renamed', tablet.sessionId, null, undefined],
    ['session.ended', phone.sessionId, 'signed_out', 'Phone'],
    ['session.ended', tablet.sessionId, 'ended_by_user', 'Kitchen'],
    ['session.reauthenticated', device.sessionId, null, undefined],
    ['password.changed', device.sessionId, null, undefined],
  ]);
  expect(items.every((item) => item.byYou && item.ip === '127.0.0.1')).toBe(true);
  expect(items.map((item) => item.createdAt)).toEqual(
    items
      .map((item) => item.createdAt)
      .toSorted()
      .toReversed(),
  );
});

test('a copied refresh token: the person is told which device it was, that it ended, and where the copy was used', async () => {
  const device = await Device.register(service);
  const phone = await device.another({ deviceName: 'Phone' });
  const copy = phone.refreshToken;
  await phone.refresh();
  await service.advance(11);
  expect((await phone.refresh(copy)).code).toBe('refresh_token_reused');
  const [newest] = await itemsOf(device);
  expect(newest).toMatchObject({
    type: 'refresh_token.reused',
    byYou: false,
    sessionId: phone.sessionId,
    ip: '127.0.0.1',
    reason: 'refresh_token_reused',
    details: { device: 'Phone' },
  });
  await phone.refresh(copy);
  expect((await itemsOf(device)).filter((item) => item.type === 'refresh_token.reused')).toHaveLength(1);
  expect((await device.send('/v1/sessions')).body.items.map((item: { id: string }) => item.id)).toEqual([
    device.sessionId,
  ]);
});

test('what did not happen is not told', async () => {
  const device = await Device.register(service);
  const before = await itemsOf(device);
  await device.send('/v1/auth/reauthenticate', { body: { password: 'not the password' } });
  await device.send('/v1/auth/password', { body: { currentPassword: PASSWORD, newPassword: 'password123' } });
  await device.send('/v1/users/me', { method: 'PATCH', body: { name: '' } });
  await device.send(`/v1/sessions/${device.userId}`, { method: 'DELETE' });
  await device.send('/v1/sessions?except=current', { method: 'DELETE' });
  await device.refresh('prt_broken');
  expect(await itemsOf(device)).toEqual(before);
});

test('devices that a password change ended are not ended once more', async () => {
  const device = await Device.register(service);
  await device.another();
  const passwords = { currentPassword: PASSWORD, newPassword: 'difference engine 1822' };
  await device.keeping(device.send('/v1/auth/password', { body: passwords }));
  await device.send('/v1/sessions?except=current', { method: 'DELETE' });
  expect((await itemsOf(device))[0]!.type).toBe('password.changed');
});

describe('A row of the audit and what it tells are written together', () => {
  /** Every act of a person that the audit tells of, but signing in: what each was answered. */
  async function actAll(device: Device, other: Device): Promise<[string, number][]> {
    const passwords = { currentPassword: PASSWORD, newPassword: 'difference engine 1822' };
    const acts = {
      rename: () => device.send('/v1/users/me', { method: 'PATCH', body: { name: 'Ada' } }),
      nameDevice: () => device.send(`/v1/sessions/${other.sessionId}`, { method: 'PATCH', body: { name: 'Phone' } }),
      endDevice: () => device.send(`/v1/sessions/${other.sessionId}`, { method: 'DELETE' }),
      endOthers: () => device.send('/v1/sessions?except=current', { method: 'DELETE' }),
      changePassword: () => device.send('/v1/auth/password', { body: passwords }),
      reauthenticate: () => device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } }),
      signOutEverywhere: () => device.send('/v1/auth/logout-all', { method: 'POST' }),
      delete: () => device.send('/v1/users/me', { method: 'DELETE' }),
      signOut: () => other.send('/v1/auth/logout', { method: 'POST' }),
    };
    const answers: [string, number][] = [];
    for (const [name, act] of Object.entries(acts)) answers.push([name, (await act()).status]);
    return answers;
  }

  /** Makes every insert into a table fail while `work` runs. */
  async function withoutRoomIn<T>(table: string, work: () => Promise<T>): Promise<T> {
    await service.db.query(`create or replace function refuse() returns trigger language plpgsql as
      'begin raise ''no room''; end'`);
    await service.db.query(`create trigger refuse before insert on ${table} for each row execute function refuse()`);
    try {
      return await work();
    } finally {
      await service.db.query(`drop trigger refuse on ${table}`);
    }
  }

  test('where the row cannot be written, nothing happens', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    const before = (await device.send('/v1/sessions')).body.items.map((item: { name: string }) => item.name);
    const answers = await withoutRoomIn('audit_events', () => actAll(device, other));
    expect(answers.every(([, status]) => status === 500)).toBe(true);
    expect([await device.access(), await other.access()]).toEqual([null, null]);
    expect((await device.send('/v1/users/me')).body.name).toBeNull();
    expect((await device.send('/v1/sessions')).body.items.map((item: { name: string }) => item.name)).toEqual(before);
    expect((await device.login()).status).toBe(200);
  });

  test('where what it tells does not come about, there is no row', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    const before = await itemsOf(device);
    // The log is written last, after the audit: these acts fail at their very end.
    const answers = await withoutRoomIn('revocations', () => actAll(device, other));
    const failed = answers.filter(([, status]) => status === 500).map(([name]) => name);
    expect(failed).toEqual(['endDevice', 'endOthers', 'changePassword', 'signOutEverywhere', 'delete', 'signOut']);
    const since = (await itemsOf(device)).slice(0, -before.length).map((item) => item.type);
    expect(since).toEqual(['session.reauthenticated', 'session.renamed', 'account.renamed']);
  });
});

test('text that people choose is kept as text', async () => {
  const name = `'); drop table users; -- <b>{"type":"x"} %s $1 \\`;
  const device = await Device.register(service, { deviceName: name });
  await device.send(`/v1/sessions/${device.sessionId}`, { method: 'PATCH', body: { name: `${name}!` } });
  const [renamed] = await itemsOf(device);
  expect(renamed).toMatchObject({ type: 'session.renamed', details: { name: `${name}!` } });
});

test('no secret is in the audit: no password, no token, no hash', async () => {
  const secret = 'correct horse battery staple';
  const device = await Device.register(service, { password: secret });
  const { accessToken, refreshToken } = device;
  await device.refresh();
  await service.advance(11);
  await device.refresh(refreshToken);
  const rows = JSON.stringify(await service.db.query('select * from audit_events'));
  for (const text of [secret, PASSWORD, accessToken.split('.')[2]!, refreshToken.split('.')[3]!, '$argon2', 'prt_']) {
    expect(rows).not.toContain(text);
    expect(logged.join('\n')).not.toContain(text);
  }
});

describe('The feed', () => {
  test('in pages of any size, joined, is the whole of it', async () => {
    const device = await Device.register(service);
    for (let n = 0; n < 7; n++) await device.send('/v1/users/me', { method: 'PATCH', body: { name: `Ada ${n}` } });
    const whole = await itemsOf(device);
    expect(whole).toHaveLength(9);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), async (limit) => {
        const joined: Item[] = [];
        let cursor = '';
        do {
          const { items, nextCursor } = await page(device, `?limit=${limit}${cursor && `&cursor=${cursor}`}`);
          joined.push(...items);
          cursor = nextCursor ?? '';
        } while (cursor);
        expect(joined).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  test("shows nothing of anybody else's, with any cursor", async () => {
    const other = await Device.register(service);
    const device = await Device.register(service);
    const own = await itemsOf(device);
    expect(own.map((item) => item.type)).toEqual(['session.started', 'account.registered']);
    const [newest] = await itemsOf(other);
    const { items } = await page(device, `?cursor=${Number(newest!.id) + 1_000}`);
    expect(items).toEqual(own);
    expect((await page(device, '?cursor=0')).items).toEqual([]);
  });

  test('needs an access token, and takes no one else’s id', async () => {
    const device = await Device.register(service);
    expect((await send(service, '/v1/users/me/activity')).code).toBe('token_missing');
    expect((await device.send(`/v1/users/me/activity?userId=${device.userId}`)).body.errors).toEqual([
      { pointer: '/userId', detail: expect.any(String), in: 'query' },
    ]);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'cursor=x', 'cursor=-1', `cursor=${'9'.repeat(19)}`])(
    '?%s: 400 that names the parameter',
    async (query) => {
      const device = await Device.register(service);
      const answer = await device.send(`/v1/users/me/activity?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0]).toMatchObject({ pointer: `/${query.split('=')[0]}`, in: 'query' });
    },
  );
});
