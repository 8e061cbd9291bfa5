import { TokenDenialService } from '../src/revocation/token-denial.service.js';
import { AccountEvents } from '../src/users/account-events.js';
import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { SessionAdministrationService } from '../src/sessions/session-administration.service.js';
import { claimsOf } from './support/access-token.js';
import { Device, newEmail, PASSWORD } from './support/device.js';
import { accountsOf, accountsState, ACT } from './support/operator.js';
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
const state = () => accountsState(service);

const auditOf = (userId: string) =>
  service.db.query(
    `select type, actor, reason, host(ip) as ip, details from audit_events where user_id = $1 order by id desc limit 1`,
    [userId],
  );

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
