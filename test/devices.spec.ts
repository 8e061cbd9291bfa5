import fc from 'fast-check';
import { Device, send, type Answer } from './support/device.js';
import { startService, type Service } from './support/service.js';

const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const signInWith = (device: Device, userAgent: string, options: Record<string, unknown> = {}) =>
  send(service, '/v1/auth/login', {
    body: { email: device.email, password: device.password, delivery: 'body', ...options },
    headers: { 'user-agent': userAgent },
  });

const list = (device: Device, query = ''): Promise<Answer> => device.send(`/v1/sessions${query}`);
const idsOf = ({ body }: Answer): string[] => body.items.map((item: { id: string }) => item.id);

/** A person with this many devices, each signed in a second after the other; the first one asks. */
async function personWith(count: number): Promise<{ device: Device; ids: string[] }> {
  const device = await Device.register(service);
  const ids = [device.sessionId];
  while (ids.length < count) {
    await service.advance(1);
    ids.push((await device.another()).sessionId);
  }
  return { device, ids };
}

describe('What a device is called', () => {
  test.each([
    [
      'Firefox on Windows',
      'desktop',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0',
    ],
    ['Chrome on macOS', 'desktop', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Safari/537.36`],
    [
      'Safari on iOS',
      'mobile',
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${SAFARI} Version/18.6 Mobile/15E148 Safari/604.1`,
    ],
    ['Chrome on Android', 'mobile', `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36`],
    [
      'Microsoft Edge on Windows',
      'desktop',
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/141.0.0.0`,
    ],
    ['Firefox on Linux', 'desktop', 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0'],
    ['curl', 'other', 'curl/8.5.0'],
    ['Unknown device', 'other', '()<>'],
  ])('%s', async (name, kind, userAgent) => {
    const device = await Device.register(service);
    const { body } = await signInWith(device, userAgent);
    const item = (await list(device)).body.items.find((one: { id: string }) => one.id === body.session.id);
    expect(item).toMatchObject({ name, device: { kind } });
  });

  test('what the person said at sign-in goes before what the browser says', async () => {
    const device = await Device.register(service);
    const { body } = await signInWith(device, 'curl/8.5.0', { deviceName: 'Backup job' });
    const { body: item } = await send(service, '/v1/sessions/current', { token: body.accessToken });
    expect(item).toMatchObject({ name: 'Backup job', device: { browser: 'curl', os: null, kind: 'other' } });
  });

  test('a user agent without end or sense does no harm', async () => {
    const device = await Device.register(service);
    for (const userAgent of [
      'x'.repeat(8_000),
      "'); drop table sessions; --",
      'Mozilla/5.0 (\u00ff\u0080)',
      '<script>',
    ]) {
      expect((await signInWith(device, userAgent)).status).toBe(200);
    }
    for (const { name } of (await list(device)).body.items) expect(name.length).toBeLessThan(100);
  });
});

describe('The list of devices', () => {
  test('shows every live device of the person and of nobody else, the asking one marked', async () => {
    const { device, ids } = await personWith(3);
    await Device.register(service);
    const answer = await list(device);
    expect(idsOf(answer).toSorted()).toEqual(ids.toSorted());
    const current = answer.body.items.filter((item: { current: boolean }) => item.current);
    expect(current).toEqual([
      {
        id: device.sessionId,
        name: expect.any(String),
        device: { browser: expect.any(String), os: null, kind: 'other' },
        ip: '127.0.0.1',
        createdAt: expect.any(String),
        lastActiveAt: expect.any(String),
        expiresAt: expect.any(String),
        idleExpiresAt: expect.any(String),
        current: true,
      },
    ]);
    expect(JSON.stringify(answer.body)).not.toMatch(/secret|hash|prt_|generation/);
  });

  test('shows the one used last first, also by use that is not written to the database yet', async () => {
    const { device, ids } = await personWith(3);
    await service.advance(5);
    await device.access();
    await service.advance(5);
    const answer = await list(device);
    expect(idsOf(answer)).toEqual([ids[0], ids[2], ids[1]]);
    const times = answer.body.items.map((item: { lastActiveAt: string }) => item.lastActiveAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  test('leaves out devices that ended, by whatever cause', async () => {
    const { device, ids } = await personWith(4);
    await device.send(`/v1/sessions/${ids[1]}`, { method: 'DELETE' });
    await service.db.query(`update sessions set expires_at = now() where id = $1`, [ids[2]]);
    await service.db.query(`update sessions set last_active_at = now() - interval '12 hours' where id = $1`, [ids[3]]);
    expect(idsOf(await list(device))).toEqual([device.sessionId]);
  });

  test('in pages of any size, joined, is the whole list', async () => {
    const { device } = await personWith(9);
    // Two used at the very same moment: the order between them must be one all the same.
    await service.db.query(
      `update sessions set last_active_at = date_trunc('second', now()) where user_id = $1 and id <> $2`,
      [device.userId, device.sessionId],
    );
    const whole = idsOf(await list(device));
    expect(whole).toHaveLength(9);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), async (limit) => {
        const joined: string[] = [];
        let cursor = '';
        do {
          const page = await list(device, `?limit=${limit}${cursor && `&cursor=${cursor}`}`);
          expect(page.body.items.length).toBeLessThanOrEqual(limit);
          joined.push(...idsOf(page));
          cursor = page.body.nextCursor ?? '';
        } while (cursor);
        expect(joined).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['limit=many', '/limit'],
    ['cursor=nonsense', '/cursor'],
    [
      `cursor=${Buffer.from('2026-99-99T00:00:00.000Z_00000000-0000-4000-8000-000000000000').toString('base64url')}`,
      '/cursor',
    ],
    [
      `cursor=${Buffer.from('2026-11-22T00:00:00.000Z_------------------------------------').toString('base64url')}`,
      '/cursor',
    ],
    ['page=2', '/page'],
  ])('?%s: 400 that names the parameter', async (query, pointer) => {
    const device = await Device.register(service);
    const answer = await list(device, `?${query}`);
    expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.any(String), in: 'query' }]);
  });

  test("a cursor of another person's list shows nothing of it", async () => {
    const { device: other } = await personWith(3);
    const { device, ids } = await personWith(2);
    const { nextCursor } = (await list(other, '?limit=1')).body;
    const seen = idsOf(await list(device, `?cursor=${nextCursor}`));
    expect(seen.every((id) => ids.includes(id))).toBe(true);
  });
});

describe('When a device was last used', () => {
  const lastActive = async (device: Device, id: string) =>
    Date.parse((await list(device)).body.items.find((item: { id: string }) => item.id === id).lastActiveAt);

  test('moves with every authenticated request, before it is written too; and the idle end with it', async () => {
    const device = await Device.register(service);
    const before = (await device.send('/v1/sessions/current')).body;
    await service.advance(300);
    await device.access();
    const after = (await device.send('/v1/sessions/current')).body;
    const moved = (Date.parse(after.lastActiveAt) - Date.parse(before.lastActiveAt)) / 1000;
    expect(moved).toBeGreaterThanOrEqual(300);
    expect(moved).toBeLessThan(310);
    expect(Date.parse(after.idleExpiresAt) - Date.parse(after.lastActiveAt)).toBe(12 * 3_600_000);
    expect(after.expiresAt).toBe(before.expiresAt);
  });

  test('does not move by asking for the current session, nor by a request that is refused', async () => {
    const device = await Device.register(service);
    const watcher = await device.another();
    const before = await lastActive(watcher, device.sessionId);
    await service.advance(300);
    expect((await device.send('/v1/sessions/current')).status).toBe(200);
    expect((await device.send('/v1/sessions/current', { token: `${device.accessToken}x` })).status).toBe(401);
    expect((await device.refresh('prt_broken')).status).toBe(401);
    expect(await lastActive(watcher, device.sessionId)).toBe(before);
    await device.refresh();
    expect(await lastActive(watcher, device.sessionId)).toBeGreaterThanOrEqual(before + 300_000);
  });

  test('asking for the current session does not keep it alive', async () => {
    const device = await Device.register(service);
    for (let hours = 0; hours < 13; hours++) {
      await service.advance(3_500);
      await device.send('/v1/sessions/current');
    }
    expect(await device.refresh()).toMatchObject({ status: 401, code: 'session_ended' });
  });
});
