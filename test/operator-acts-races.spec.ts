import { Device } from './support/device.js';
import { accountsOf, ACT } from './support/operator.js';
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

describe('Two administrators at once', () => {
  test('doing the opposite: each act is done once, the loser is told how things stand', async () => {
    const { userId } = device;
    const acts = ['suspend', 'restore', 'suspend', 'restore', 'suspend', 'restore'] as const;
    for (let round = 0; round < 5; round++) {
      const results = await Promise.allSettled(acts.map((act) => accountsOf(service)[act](userId, ACT)));
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
      }
    }
    // What was done alternates: nobody suspended a suspended account.
    const rows = await service.db.query<{ type: string }>(
      `select type from audit_events where user_id = $1 and type in ('account.suspended', 'account.restored') order by id`,
      [userId],
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const [place, { type }] of rows.entries()) {
      expect(type).toBe(place % 2 === 0 ? 'account.suspended' : 'account.restored');
    }
    const { status } = await accountsOf(service).get({ userId });
    expect(status).toBe(rows.length % 2 === 0 ? 'active' : 'suspended');
  });
});

test('sign-ins and refreshes that race a suspension: once it has answered, nothing they returned works', async () => {
  for (let round = 0; round < 8; round++) {
    const first = await Device.register(service);
    const racers = Array.from({ length: 4 }, () => new Device(service, first.email));
    await Promise.all([
      accountsOf(service).suspend(first.userId, ACT),
      first.refresh(),
      ...racers.map((device) => device.login()),
    ]);
    for (const device of [first, ...racers].filter(({ accessToken }) => accessToken)) {
      expect([await device.access(), (await device.refresh()).code]).toEqual(Array(2).fill('account_suspended'));
    }
    await accountsOf(service).restore(first.userId, ACT);
    for (const device of [first, ...racers].filter(({ accessToken }) => accessToken)) {
      expect([await device.access(), (await device.refresh()).code]).toEqual(['token_outdated', 'session_ended']);
    }
  }
});
