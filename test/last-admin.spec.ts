import fc from 'fast-check';
import pg from 'pg';
import { Device } from './support/device.js';
import { accountsOf, accountsState, ACT, registerAdmin } from './support/operator.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

/** What operators do, as routes and commands ask for it. */
let service: Service;
let device: Device;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());
beforeEach(async () => {
  device = await Device.register(service);
});

const conflict = (detail: RegExp) => ({ code: 'conflict', message: expect.stringMatching(detail) });
const state = () => accountsState(service);

describe('The last active administrator', () => {
  const LAST = conflict(/^This is the last active administrator/);
  const admins = async () => {
    const rows = await service.db.query<{ id: string }>(
      `select id from users where status = 'active' and 'admin' = any(roles) order by id`,
    );
    return rows.map(({ id }) => id);
  };
  /** Whatever tests before left. */
  const reset = () => service.db.query(`update users set roles = '{}' where 'admin' = any(roles)`);

  test('cannot be demoted, suspended or deleted, by others or itself; once there is another one, it can', async () => {
    await reset();
    const admin = await registerAdmin(service);
    const { userId } = admin;
    const accounts = accountsOf(service);
    const before = await state();
    await expect(accounts.setRoles(userId, ['editor'], ACT)).rejects.toMatchObject(LAST);
    await expect(accounts.suspend(userId, ACT)).rejects.toMatchObject(LAST);
    await expect(accounts.change(userId, { status: 'suspended', roles: [] }, ACT)).rejects.toMatchObject(LAST);
    expect(await admin.send('/v1/users/me', { method: 'DELETE' })).toMatchObject({ status: 409, code: 'conflict' });
    expect(await state()).toEqual(before);
    await accounts.setRoles(userId, ['admin', 'editor'], ACT);
    const next = await registerAdmin(service);
    await accounts.suspend(next.userId, ACT);
    await expect(accounts.suspend(userId, ACT)).rejects.toMatchObject(LAST);
    await accounts.restore(next.userId, ACT);
    await accounts.suspend(userId, ACT);
    expect(await admins()).toEqual([next.userId]);
  });

  test('of any number who take it from each other at once, in any way, one stays and nothing hangs', async () => {
    const ways = fc.array(fc.constantFrom('demote', 'suspend', 'delete'), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(ways, async (acts) => {
        await reset();
        const people = await Promise.all(acts.map(() => registerAdmin(service)));
        const results = await Promise.allSettled(
          acts.map((act, place) => {
            const { userId } = people[(place + 1) % people.length]!;
            if (act === 'demote') return accountsOf(service).setRoles(userId, [], ACT);
            if (act === 'suspend') return accountsOf(service).suspend(userId, ACT);
            return people[(place + 1) % people.length]!.send('/v1/users/me', { method: 'DELETE' });
          }),
        );
        const done = results.filter(
          (result) => result.status === 'fulfilled' && !('code' in result.value && result.value.code),
        );
        const refused = results.filter((result) => !done.includes(result));
        expect([done.length, refused.length]).toEqual([acts.length - 1, 1]);
        for (const result of refused) {
          expect(result.status === 'rejected' ? result.reason : result.value).toMatchObject({ code: 'conflict' });
        }
        expect(await admins()).toHaveLength(1);
      }),
      { numRuns: 12 },
    );
  });

  test('who becomes one while an act waits for its row is not taken for the last one', async () => {
    await reset();
    const other = await registerAdmin(service);
    const promoting = new pg.Client({ connectionString: service.db.url });
    await promoting.connect();
    await promoting.query('begin');
    await promoting.query(`update users set roles = '{admin}' where id = $1`, [device.userId]);
    const demoting = accountsOf(service).setRoles(device.userId, [], ACT);
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await poll(async () => (await service.db.query(waiting)).length > 0);
    await promoting.query('commit');
    await promoting.end();
    expect((await demoting).roles).toEqual([]);
    expect(await admins()).toEqual([other.userId]);
  });

  test('given and taken in any order at once, there is always one', async () => {
    await reset();
    const { userId } = device;
    const other = await registerAdmin(service);
    for (let round = 0; round < 10; round++) {
      await Promise.allSettled([
        accountsOf(service).setRoles(userId, ['admin'], ACT),
        accountsOf(service).setRoles(other.userId, [], ACT),
        accountsOf(service).setRoles(userId, [], ACT),
        accountsOf(service).setRoles(other.userId, ['admin'], ACT),
      ]);
      expect((await admins()).length).toBeGreaterThan(0);
    }
  });
});
