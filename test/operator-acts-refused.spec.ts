import { TokenDenialService } from '../src/revocation/token-denial.service.js';
import { SessionAdministrationService } from '../src/sessions/session-administration.service.js';
import { claimsOf } from './support/access-token.js';
import { Device } from './support/device.js';
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
const conflict = (detail: RegExp) => ({ code: 'conflict', message: expect.stringMatching(detail) });
const state = () => accountsState(service);

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
