import fc from 'fast-check';
import pg from 'pg';
import { TokenDenialService } from '../src/revocation/token-denial.service.js';
import { AccountEvents } from '../src/users/account-events.js';
import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { SessionAdministrationService } from '../src/sessions/session-administration.service.js';
import { claimsOf } from './support/access-token.js';
import { Device, newEmail, PASSWORD } from './support/device.js';
import { accountsOf, ACT, registerAdmin } from './support/operator.js';
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

const sessions = () => service.app.get(SessionAdministrationService, { strict: false });
const tokens = () => service.app.get(TokenDenialService, { strict: false });
const conflict = (detail: RegExp) => ({ code: 'conflict', message: expect.stringMatching(detail) });

/** All that an act could change, so that "nothing half done" can be said of all of it. */
async function state() {
  return service.db.query(
    `select (select json_agg(u order by id) from users u) as users,
            (select json_agg(s order by id) from sessions s) as sessions,
            (select json_agg(a order by id) from applications a) as applications,
            (select count(*) from audit_events) as audit, (select seq from revocation_head) as head`,
  );
}

const auditOf = (userId: string) =>
  service.db.query(
    `select type, actor, reason, host(ip) as ip, details from audit_events where user_id = $1 order by id desc limit 1`,
    [userId],
  );

describe('Every act is refused with a sentence, and nothing is half done', () => {
  const unknown = '01890000-0000-7000-8000-000000000000';

  test.each([
    ['suspend', (id: string) => accountsOf(service).suspend(id, ACT)],
    ['roles', (id: string) => accountsOf(service).setRoles(id, ['editor'], ACT)],
    ['sign out', (id: string) => accountsOf(service).signOutEverywhere(id, ACT)],
    ['list sessions', (id: string) => sessions().listOf(id)],
    ['end a session', (id: string) => sessions().end(id, ACT)],
  ])('for an account or session there is not: %s', async (_, act) => {
    const before = await state();
    await expect(act(unknown)).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/^There is no such/),
    });
    expect(await state()).toEqual(before);
  });

  test('for a deleted account', async () => {
    await device.send('/v1/users/me', { method: 'DELETE' });
    for (const act of ['suspend', 'restore', 'signOutEverywhere'] as const) {
      await expect(accountsOf(service)[act](device.userId, ACT)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  test('without a reason, or with one that is no line of text', async () => {
    const { userId, sessionId, accessToken } = device;
    const before = await state();
    for (const reason of [
      '',
      '  ',
      'x'.repeat(501),
      'two\nlines',
      'bell\u0007',
      'turned \u202e round',
      'nul\0',
      undefined,
    ]) {
      const act = { actor: 'operator:test', reason: reason as string };
      const refused = { code: 'validation_failed', options: { errors: [{ pointer: '/reason' }] } };
      await expect(accountsOf(service).suspend(userId, act)).rejects.toMatchObject(refused);
      await expect(accountsOf(service).signOutEverywhere(userId, act)).rejects.toMatchObject(refused);
      await expect(sessions().end(sessionId, act)).rejects.toMatchObject(refused);
      await expect(tokens().denyToken(claimsOf(accessToken).jti, act)).rejects.toMatchObject(refused);
    }
    expect(await state()).toEqual(before);
  });

  test('a second time: it is told how things stand', async () => {
    const { userId, sessionId } = device;
    const accounts = accountsOf(service);
    const other = await device.another();
    await expect(accounts.restore(userId, ACT)).rejects.toMatchObject(conflict(/not suspended/));
    await sessions().end(other.sessionId, ACT);
    await expect(sessions().end(other.sessionId, ACT)).rejects.toMatchObject(
      conflict(/ended already: ended_by_operator/),
    );
    await accounts.suspend(userId, ACT);
    const before = await state();
    await expect(accounts.suspend(userId, ACT)).rejects.toMatchObject(conflict(/suspended already/));
    await expect(accounts.signOutEverywhere(userId, ACT)).rejects.toMatchObject(conflict(/is suspended/));
    await expect(sessions().end(sessionId, ACT)).rejects.toMatchObject(conflict(/account_suspended/));
    expect(await state()).toEqual(before);
  });

  test('a token denied already, or what is no jti', async () => {
    const { jti } = claimsOf(device.accessToken);
    await tokens().denyToken(jti, ACT);
    await expect(tokens().denyToken(jti.toUpperCase(), ACT)).rejects.toMatchObject(conflict(/denied already/));
    await expect(tokens().denyToken('eyJhbGciOi', ACT)).rejects.toMatchObject({ code: 'validation_failed' });
  });

  test.each([
    [['Édith']],
    [['1st']],
    [['two words']],
    [['']],
    [['x'.repeat(65)]],
    [Array.from({ length: 33 }, (_, i) => `r${i}`)],
  ])('roles that are none: %j', async (roles) => {
    const before = await state();
    const change = { status: 'suspended', roles } as const;
    await expect(accountsOf(service).change(device.userId, change, ACT)).rejects.toMatchObject({
      code: 'validation_failed',
    });
    expect(await state()).toEqual(before);
  });

  test('status and roles, of which one is refused: neither is changed', async () => {
    await accountsOf(service).suspend(device.userId, ACT);
    const before = await state();
    const change = { status: 'suspended', roles: ['editor'] } as const;
    await expect(
      accountsOf(service).change(device.userId, { ...change, roles: ['editor'] }, ACT),
    ).rejects.toMatchObject(conflict(/suspended already/));
    expect(await state()).toEqual(before);
  });
});

describe('Every act is in the audit with who, what, whom, from where and why', () => {
  const act = { actor: 'user:ada', reason: '  fraud, case 17 ', source: { ip: '192.0.2.7', userAgent: 'curl/8' } };
  const told = { actor: 'user:ada', reason: 'fraud, case 17', ip: '192.0.2.7' };

  test('suspended, restored, given roles, signed out, a session ended, a token denied, an account made', async () => {
    const { userId, accessToken } = device;
    const accounts = accountsOf(service);
    const phone = await device.another({ deviceName: 'Phone' });
    await sessions().end(phone.sessionId, act);
    expect(await auditOf(userId)).toEqual([{ ...told, type: 'session.ended', details: { device: 'Phone' } }]);
    await accounts.setRoles(userId, ['b', 'a', 'b'], act);
    expect(await auditOf(userId)).toEqual([
      { ...told, type: 'account.roles_changed', details: { roles: ['a', 'b'], before: [] } },
    ]);
    await accounts.signOutEverywhere(userId, act);
    expect(await auditOf(userId)).toEqual([{ ...told, type: 'account.signed_out_everywhere', details: {} }]);
    await accounts.suspend(userId, act);
    expect(await auditOf(userId)).toEqual([{ ...told, type: 'account.suspended', details: {} }]);
    await accounts.restore(userId, act);
    expect(await auditOf(userId)).toEqual([{ ...told, type: 'account.restored', details: {} }]);
    await tokens().denyToken(claimsOf(accessToken).jti, act, { userId });
    expect(await auditOf(userId)).toMatchObject([{ ...told, type: 'token.denied' }]);
    const made = await accounts.create({ email: newEmail(), password: PASSWORD, roles: ['editor'] }, act);
    expect(await auditOf(made.id)).toEqual([{ ...told, type: 'account.created', details: { roles: ['editor'] } }]);
  });

  test('an account that an operator made signs in, with its roles; a taken address or a weak password makes none', async () => {
    const [email, password] = [newEmail(), PASSWORD];
    const made = await accountsOf(service).create(
      { email: ` ${email.toUpperCase()}`, password, roles: ['editor'] },
      act,
    );
    expect(made).toMatchObject({ email, status: 'active', roles: ['editor'] });
    const hers = new Device(service, email);
    expect((await hers.login()).body.user).toMatchObject({ id: made.id, roles: ['editor'] });
    const before = await state();
    for (const [account, code] of [
      [{ email, password }, 'email_taken'],
      [{ email: 'no address', password }, 'validation_failed'],
      [{ email: newEmail(), password: 'password' }, 'validation_failed'],
      [{ email: newEmail(), password, roles: ['no role'] }, 'validation_failed'],
      [{ email: newEmail(), password, name: 'two\nlines' }, 'validation_failed'],
    ] as const) {
      await expect(
        accountsOf(service).create({ ...account, roles: [], ...(account as object) }, act),
      ).rejects.toMatchObject({ code });
    }
    expect(await state()).toEqual(before);
  });

  test('the same roles again change nothing: no line, nothing outdated', async () => {
    await accountsOf(service).setRoles(device.userId, ['editor'], ACT);
    const before = await state();
    await accountsOf(service).setRoles(device.userId, ['editor', 'editor'], ACT);
    expect(await state()).toEqual(before);
  });

  test('the person is told what an administrator did, not why nor from where', async () => {
    const phone = await device.another({ deviceName: 'Phone' });
    await sessions().end(phone.sessionId, act);
    const { body } = await device.send('/v1/users/me/activity');
    expect(body.items[0]).toMatchObject({
      type: 'session.ended',
      by: 'administrator',
      byYou: false,
      reason: null,
      ip: null,
    });
    expect(body.items.at(-1)).toMatchObject({ type: 'account.registered', by: 'you', byYou: true, ip: '127.0.0.1' });
    expect(JSON.stringify(body)).not.toMatch(/fraud|192\.0\.2\.7|user:ada/);
  });

  test('an act whose row cannot be written did not happen', async () => {
    const { userId, sessionId, accessToken } = device;
    await service.db.query(`alter table audit_events add constraint refuse check (reason <> 'unwritable') not valid`);
    const before = await state();
    const unwritable = { ...ACT, reason: 'unwritable' };
    const acts = [
      accountsOf(service).suspend(userId, unwritable),
      accountsOf(service).setRoles(userId, ['editor'], unwritable),
      accountsOf(service).signOutEverywhere(userId, unwritable),
      accountsOf(service).create({ email: newEmail(), password: PASSWORD }, unwritable),
      sessions().end(sessionId, unwritable),
      tokens().denyToken(claimsOf(accessToken).jti, unwritable),
      service.app.get(ApplicationSignOutService, { strict: false }).signOutEveryone(unwritable),
    ];
    for (const { status } of await Promise.allSettled(acts)) expect(status).toBe('rejected');
    expect(await state()).toEqual(before);
    await service.db.query('alter table audit_events drop constraint refuse');
    expect([await device.access(), (await device.refresh()).status]).toEqual([null, 200]);
  });

  test('modules are told in the same transaction; when one throws, nothing happened', async () => {
    const events: unknown[] = [];
    const hooks = service.app.get(AccountEvents, { strict: false });
    let fail = false;
    hooks.on('signedOutEverywhere', async (_, event) => {
      events.push(event);
      if (fail) throw new Error('a module fails');
    });
    const { userId } = device;
    await accountsOf(service).signOutEverywhere(userId, ACT);
    expect(events).toEqual([{ userId, kept: null, reason: 'ended_by_operator' }]);
    fail = true;
    const before = await state();
    await expect(accountsOf(service).suspend(userId, ACT)).rejects.toThrow('a module fails');
    fail = false;
    expect(await state()).toEqual(before);
    expect((await device.login()).status).toBe(200);
  });
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
