import { jest } from '@jest/globals';
import { VerificationError } from '@portcullis/verifier';
import { DatabaseClock } from '../src/database/database-clock.js';
import { DatabaseInspection } from '../src/database/database-inspection.js';
import { AccessTokenInspectionService } from '../src/tokens/access-token-inspection.service.js';
import { AccessTokenVerification } from '../src/tokens/access-token-verification.js';
import { claimsOf, headerOf, signerOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { operate, operateJson } from './support/operate.js';
import { catchUp, change } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { tokenCorpus } from './support/token-corpus.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const WHY = '--reason "a test"';
const inspect = (token: string, env?: Record<string, string>) =>
  operate(service, 'token inspect', { input: `${token}\n`, ...(env && { env }) });

/** What the command says as JSON, whether the token is accepted or not. */
async function inspectJson(token: string) {
  const { out, err } = await operate(service, 'token inspect --json', { input: token });
  if (err) throw new Error(err);
  return JSON.parse(out);
}

/** The reason for which the verifier itself refuses a token; null when it does not. */
function reasonOf(token: string): string | null {
  try {
    service.app.get(AccessTokenVerification, { strict: false }).authenticate(token);
    return null;
  } catch (error) {
    const { cause } = (error as { options: { cause: unknown } }).options;
    return cause instanceof VerificationError ? cause.reason : 'revoked';
  }
}

test('for every way we know to make a wrong access token, the rule that refuses it is named', async () => {
  const inspection = service.app.get(AccessTokenInspectionService, { strict: false });
  const device = await Device.register(service);
  // The corpus is right for two seconds, which several hundred tokens may take on a busy machine.
  const now = Date.now();
  const stopped = [
    jest.spyOn(service.app.get(DatabaseClock, { strict: false }), 'seconds').mockReturnValue(now / 1000),
    jest.spyOn(service.app.get(DatabaseInspection, { strict: false }), 'now').mockResolvedValue(new Date(now)),
  ];
  const rules = new Set<string>();
  for (const { token, expect: expected, name } of tokenCorpus(signerOf(device, Math.floor(now / 1000)).options)) {
    const { code, refusedBy } = await inspection.inspect(token);
    expect({ name, code: code ?? 'accepted', because: refusedBy?.because ?? null }).toEqual({
      name,
      code: expected,
      because: reasonOf(token),
    });
    rules.add(refusedBy?.rule ?? 'none');
  }
  for (const each of stopped) each.mockRestore();
  expect([...rules].toSorted()).toEqual(['claims', 'header', 'none', 'signature']);
});

test('an accepted token: whose it is, on which device, until when, and no secret of it', async () => {
  const device = await Device.register(service, { name: 'Ada' });
  const { code, out, err } = await inspect(`Authorization: Bearer ${device.accessToken}`);
  expect([code, err]).toEqual([0, '']);
  const { jti, exp } = claimsOf(device.accessToken);
  for (const told of [device.email, device.sessionId, jti, new Date(exp * 1000).toISOString(), 'account 17']) {
    expect(out).toContain(told);
  }
  expect(out).toMatch(/\n {2}header +fine\n {2}signature +fine\n {2}claims +fine\n {2}deny-list +fine\n/);
  expect(out).toMatch(/\nA request with it is accepted\.\n$/);
  expect(out).not.toContain(device.accessToken.split('.')[2]);
});

describe('what the deny-list refuses is told with who did it, when and why', () => {
  const acts: [string, (device: Device) => string, string, number][] = [
    ['suspended', ({ email }) => `user suspend ${email}`, 'account_suspended', 403],
    ['signed out everywhere', ({ email }) => `user sign-out ${email}`, 'token_outdated', 401],
    ['other roles', ({ email }) => `user roles ${email} editor`, 'token_outdated', 401],
    ['session ended', ({ sessionId }) => `session end ${sessionId}`, 'session_ended', 401],
    ['token denied', ({ accessToken }) => `token deny ${claimsOf(accessToken).jti}`, 'token_revoked', 401],
    [
      'key withdrawn',
      ({ accessToken }) => `key withdraw ${String(headerOf(accessToken)['kid'])}`,
      'token_revoked',
      401,
    ],
    ['everyone signed out', () => 'everyone sign-out', 'token_outdated', 401],
  ];

  test.each(acts)('%s', async (name, act, code, status) => {
    const device = await Device.register(service);
    expect((await operate(service, `${act(device)} --reason "case ${name}"`)).code).toBe(0);
    const told = await inspectJson(device.accessToken);
    expect(told).toMatchObject({
      accepted: false,
      code,
      status,
      refusedBy: { rule: 'deny-list' },
      revocation: { actor: expect.stringMatching(/^operator:/), reason: `case ${name}` },
    });
    await catchUp(service);
    expect(await device.access()).toBe(code);
    const { code: ended, out } = await inspect(device.accessToken);
    expect(ended).toBe(1);
    expect(out).toMatch(/deny-list +REFUSES: /);
    expect(out).toContain(`because: case ${name}.\nA request with it gets ${status} ${code}. `);
  });

  test('an application that is disabled', async () => {
    const device = await Device.register(service);
    const line = {
      kind: 'application',
      subject: 'account',
      minVersion: claimsOf(device.accessToken).aver + 1,
    } as const;
    const state = `update applications set token_version = ${line.minVersion}, enabled = `;
    await change(service, `${state} false where id = 'account'`, { ...line, suspended: true });
    expect(await inspectJson(device.accessToken)).toMatchObject({ code: 'application_disabled', status: 403 });
    await change(service, `${state} true where id = 'account'`, line);
    expect(await inspectJson(device.accessToken)).toMatchObject({ code: 'token_outdated' });
    await device.login();
    expect(await inspectJson(device.accessToken)).toMatchObject({ accepted: true });
  });

  test('of several the strictest, as a request gets it', async () => {
    const device = await Device.register(service);
    for (const act of ['user roles E editor', 'token deny J', 'session end S', 'user suspend E']) {
      const words = act.replace('E', device.email).replace('S', device.sessionId);
      await operate(service, `${words.replace('J', claimsOf(device.accessToken).jti)} ${WHY}`);
      await catchUp(service);
      expect((await inspectJson(device.accessToken)).code).toBe(await device.access());
    }
  });
});

describe('a refresh token', () => {
  test('the current one is accepted, and looking at it neither moves the counter nor shows its secret', async () => {
    const device = await Device.register(service);
    const { code, out } = await inspect(device.refreshToken);
    expect(code).toBe(0);
    expect(out).toContain(`session      ${device.sessionId}`);
    expect(out).toMatch(/\nIt is the current one\.\nA refresh with it is accepted\.\n$/);
    const [, , , secret, mac] = device.refreshToken.split('.');
    for (const part of [secret!, mac!]) expect(out).not.toContain(part);
    expect(await inspectJson(device.refreshToken)).toMatchObject({ finding: 'rotate', token: { generation: 1 } });
    expect((await device.refresh()).status).toBe(200);
  });

  test('one that was replaced: repeated within the grace, a theft after it, and asking ends nothing', async () => {
    const device = await Device.register(service);
    const first = device.refreshToken;
    await device.refresh();
    expect(await inspectJson(first)).toMatchObject({ finding: 'repeat', accepted: true });
    await service.advance(11);
    expect(await inspectJson(first)).toMatchObject({ finding: 'reused', code: 'refresh_token_reused', status: 401 });
    expect(await device.access()).toBeNull();
    expect((await device.refresh(first)).code).toBe('refresh_token_reused');
    expect(await inspectJson(device.refreshToken)).toMatchObject({
      finding: 'ended',
      code: 'session_ended',
      session: { endReason: 'refresh_token_reused' },
    });
  });

  test('every other refusal is told as the refresh itself answers', async () => {
    const device = await Device.register(service);
    const [prefix, session, generation, secret, mac] = device.refreshToken.split('.') as [string, ...string[]];
    const spoilt = {
      malformed: device.refreshToken.slice(0, -1),
      unknown_key: [prefix.replace('prt_', 'prt_x'), session, generation, secret, mac].join('.'),
      unknown_session: [prefix, '00000000-0000-4000-8000-000000000000', generation, secret, mac].join('.'),
      forged: [prefix, session, '2', secret, mac].join('.'),
    };
    for (const [finding, token] of Object.entries(spoilt)) {
      expect(await inspectJson(token)).toMatchObject({ finding, code: (await device.refresh(token)).code });
    }
    await operate(service, `user suspend ${device.email} ${WHY}`);
    expect(await inspectJson(device.refreshToken)).toMatchObject({ finding: 'suspended', status: 403 });
    await operate(service, `user restore ${device.email} ${WHY}`);
    expect(await inspectJson(device.refreshToken)).toMatchObject({
      finding: 'ended',
      session: { endReason: 'account_suspended' },
      account: { email: device.email },
    });
  });

  test('one from before a password change, and one of a disabled application', async () => {
    const device = await Device.register(service);
    const older = device.refreshToken;
    const body = { currentPassword: device.password, newPassword: `${device.password}!` };
    await device.keeping(device.send('/v1/auth/password', { body }));
    expect(await inspectJson(older)).toMatchObject({ finding: 'invalid', code: 'refresh_token_invalid' });
    await service.db.query(`update applications set enabled = false where id = 'account'`);
    expect(await inspectJson(`__Host-portcullis-account=${device.refreshToken}`)).toMatchObject({
      finding: 'disabled',
      code: (await device.refresh()).code,
      status: 403,
    });
    await service.db.query(`update applications set enabled = true where id = 'account'`);
  });

  test('from the lost future of a restored backup, it is ahead and no theft', async () => {
    const device = await Device.register(service);
    await device.refresh();
    await service.advance(11);
    await service.db.query('update sessions set generation = 1 where id = $1', [device.sessionId]);
    expect(await inspectJson(device.refreshToken)).toMatchObject({ finding: 'ahead', code: 'refresh_token_invalid' });
  });
});

describe('bad input', () => {
  test('nothing on standard input is a mistake; anything else is told as what it is', async () => {
    expect(await inspect('')).toMatchObject({ code: 2, err: expect.stringContaining('standard input') });
    const garbage = await inspect('hello');
    expect(garbage).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^It is no token of this service \(.*not three segments.*\)\.\n.* gets 401 token_invalid/s,
      ),
    });
    expect(garbage.out).not.toContain('An access token.');
    expect(await inspectJson('hello')).toMatchObject({ kind: 'unknown', accepted: false });
    expect((await inspect(`a.b.c\u001b[2J${'x'.repeat(9000)}`)).out).not.toContain('\u001b');
    expect(await inspect('x'.repeat(100_000))).toMatchObject({ code: 1, err: expect.stringContaining('too long') });
  });

  test('a token is not taken from the arguments, where the shell keeps it', async () => {
    const { accessToken } = await Device.register(service);
    expect(await operate(service, `token inspect ${accessToken}`)).toMatchObject({ code: 2, out: '' });
    const denied = await operate(service, `token deny ${accessToken} ${WHY}`);
    expect(denied).toMatchObject({ code: 2, err: expect.stringContaining('history of your shell') });
    expect(await operate(service, `token deny 4711 ${WHY}`)).toMatchObject({ code: 2, out: '' });
  });

  test('a token denied twice is refused the second time', async () => {
    const { jti } = claimsOf((await Device.register(service)).accessToken);
    expect(await operateJson(service, `token deny ${jti} ${WHY}`)).toEqual({ token: { jti } });
    expect(await operate(service, `token deny ${jti} ${WHY}`)).toMatchObject({
      code: 1,
      err: 'The token is denied already.\n',
    });
  });
});
