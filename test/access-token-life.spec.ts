import { claimsOf, headerOf, keysOf, signerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { startService, type Service } from './support/service.js';
import { tokenCorpus } from './support/token-corpus.js';

let service: Service;
const lines: string[] = [];

beforeAll(async () => {
  service = await startService({ onLog: (line) => lines.push(line) });
});
afterAll(() => service.stop());

describe('a token that was accepted before', () => {
  test('is refused once it has expired, leeway of five seconds included', async () => {
    const device = await Device.register(service);
    expect(await device.access()).toBeNull();
    const { exp, iat } = claimsOf(device.accessToken);
    await service.advance(exp - iat + 2);
    expect(await device.access()).toBeNull();
    await service.advance(4);
    expect(await device.send('/v1/users/me')).toMatchObject({ status: 401, code: 'token_expired' });
  });

  test('is refused as soon as its key is gone, and accepted again when the key is back', async () => {
    const device = await Device.register(service);
    const keys = keysOf(service);
    expect(await device.access()).toBeNull();
    const retire = (hours: number) =>
      service.db.query(
        `update signing_keys set status = 'retired', retired_at = now() - make_interval(hours => $2) where kid = $1`,
        [headerOf(device.accessToken)['kid'], hours],
      );
    await retire(2);
    await keys.load();
    expect(await device.send('/v1/users/me')).toMatchObject({ status: 401, code: 'token_invalid' });
    await retire(0);
    await keys.load();
    expect(await device.access()).toBeNull();
  });

  test('is refused when another key takes the name of its own', async () => {
    const device = await Device.register(service);
    const keys = keysOf(service);
    expect(await device.access()).toBeNull();
    const { kid } = keys.signingKey();
    const other = [...keys.verificationKeys].find((key) => key.kid !== kid)!;
    keys.verificationKeys.set({ ...other, kid });
    expect(await device.access()).toBe('token_invalid');
    keys.verificationKeys.delete(kid);
    await keys.load();
  });

  test('is refused as soon as it is revoked', async () => {
    const device = await Device.register(service);
    expect(await device.access()).toBeNull();
    expect((await device.send('/v1/auth/logout', { method: 'POST' })).status).toBe(204);
    expect(await device.send('/v1/users/me')).toMatchObject({ status: 401, code: 'session_ended' });
  });

  test('vouches for no other token that differs in one character', async () => {
    const device = await Device.register(service);
    const token = device.accessToken;
    expect(await device.access()).toBeNull();
    for (const at of [3, token.indexOf('.') + 5, token.length - 20]) {
      const altered = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(await send(service, '/v1/users/me', { token: altered })).toMatchObject({
        status: 401,
        code: 'token_invalid',
      });
    }
  });
});

test('two tokens of one device are two tokens: one that ran out says nothing of the other', async () => {
  const device = await Device.register(service);
  const first = device.accessToken;
  await service.advance(400);
  await device.refresh();
  await service.advance(300);
  expect(await send(service, '/v1/users/me', { token: first })).toMatchObject({ code: 'token_expired' });
  expect(await device.access()).toBeNull();
});

test('whoever registers the address of a deleted account is somebody else', async () => {
  const ada = await Device.register(service);
  const { accessToken, userId } = ada;
  expect((await ada.send('/v1/users/me', { method: 'DELETE' })).status).toBe(204);
  const body = { email: ada.email, password: ada.password, delivery: 'body' };
  const again = await send(service, '/v1/auth/register', { body });
  expect(again.status).toBe(201);
  expect(again.body.user.id).not.toBe(userId);
  expect(claimsOf(again.body.accessToken).sub).toBe(again.body.user.id);
  expect(await send(service, '/v1/users/me', { token: accessToken })).toMatchObject({ code: 'token_outdated' });
  expect(await ada.refresh()).toMatchObject({ status: 401, code: 'session_ended' });
  expect((await send(service, '/v1/users/me', { token: again.body.accessToken })).body.id).toBe(again.body.user.id);
});

test('no part of a token reaches the log, whether it is accepted or refused', async () => {
  const device = await Device.register(service);
  const cases = tokenCorpus(signerOf(device).options);
  const tokens = [device.accessToken, device.refreshToken, ...cases.map((one) => one.token)];
  await device.access();
  await device.refresh('x'.repeat(300));
  for (const { token } of cases) await send(service, '/v1/users/me', { token });
  await send(service, `/v1/users/me?access_token=${device.accessToken}`);
  await send(service, `/v1/sessions/${device.accessToken}`, { method: 'DELETE', token: device.accessToken });
  await device.refresh();
  await device.send('/v1/auth/logout', { method: 'POST' });

  const log = lines.join('\n');
  expect(lines.length).toBeGreaterThan(cases.length);
  for (const part of tokens.flatMap((token) => token.split('.')).filter((text) => text.length >= 16)) {
    expect(log).not.toContain(part);
  }
});
