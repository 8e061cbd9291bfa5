import { claimsOf, signerOf } from './support/access-token.js';
import { newBackend, type Backend } from './support/feed.js';
import { Device, type Answer } from './support/device.js';
import { forged, introspect, renew, revokeToken, sendForm } from './support/oauth.js';
import { statementsOfRequests } from './support/request-statements.js';
import { catchUp, stopPolling } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;
let account: Backend;
let shop: Backend;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  account = await newBackend(one, 'account');
  shop = await newBackend(one, 'shop');
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const byItsId = (token: string): Promise<Answer> => sendForm(one, '/oauth/revoke', { token, client_id: 'account' });

/** 200 without a word (RFC 7009 §2.2). */
function expectDone({ status, body }: Answer): void {
  expect([status, body]).toEqual([200, null]);
}

const auditOf = (device: Device) =>
  one.db.query(
    `select type, actor, reason, application_id from audit_events where session_id = $1 order by id desc limit 1`,
    [device.sessionId],
  );

describe.each(['a back end', 'a public client'])('%s', (who) => {
  const take = (token: string) => (who === 'a back end' ? revokeToken(one, account, token) : byItsId(token));
  // Who proved what it is did it; an id alone proves no more than that its person's token was there.
  const actorOf = (device: Device) => (who === 'a back end' ? 'application:account' : `user:${device.userId}`);

  test('takes a refresh token back: its session ends, at once, with its access tokens, and no other', async () => {
    const device = await Device.register(one);
    const other = await device.another();
    expectDone(await take(device.refreshToken));
    expect(await device.access()).toBe('session_ended');
    expect(await renew(one, device.refreshToken)).toMatchObject({ code: 'session_ended' });
    expect(await other.access()).toBeNull();
    await catchUp(two);
    expect(await device.access(two)).toBe('session_ended');
    expect(await auditOf(device)).toEqual([
      { type: 'session.ended', actor: actorOf(device), reason: 'signed_out', application_id: 'account' },
    ]);
    // Twice is no fault.
    expectDone(await take(device.refreshToken));
  });

  test('takes an access token back: that one is refused from now on, its session goes on', async () => {
    const device = await Device.register(one);
    expectDone(await take(device.accessToken));
    expect(await device.access()).toBe('token_revoked');
    expect((await introspect(one, account, device.accessToken)).body).toEqual({ active: false });
    await catchUp(two);
    expect(await device.access(two)).toBe('token_revoked');
    expect(await auditOf(device)).toEqual([
      {
        type: 'token.denied',
        actor: actorOf(device),
        reason: 'revoked_by_client',
        application_id: 'account',
      },
    ]);
    expectDone(await take(device.accessToken));
    expect((await device.refresh()).status).toBe(200);
    expect(await device.access()).toBeNull();
  });
});

test('an older refresh token of the session ends it too: whoever has one may', async () => {
  const device = await Device.register(one);
  const old = device.refreshToken;
  await device.refresh();
  await one.advance(one.config.refreshGrace + 1);
  expectDone(await byItsId(old));
  expect(await device.access()).toBe('session_ended');
});

test('taken back a second time at an instance that has not heard of the first: refused there from the answer on', async () => {
  const deaf = await startService({ besides: one, env: { REVOCATION_LISTEN: 'false' } });
  stopPolling(deaf);
  const device = await Device.register(one);
  expectDone(await revokeToken(one, account, device.accessToken));
  expectDone(await revokeToken(deaf, account, device.accessToken));
  expect(await device.access(deaf)).toBe('token_revoked');
  await deaf.stop();
});

test('the same access token taken back at both instances at once: 200 and 200', async () => {
  const device = await Device.register(one);
  for (const answer of await Promise.all(
    [one, two].map((service) => revokeToken(service, account, device.accessToken)),
  ))
    expectDone(answer);
});

test("anything unknown, or another's: 200, empty, nothing happens, and no statement of the database", async () => {
  const device = await Device.register(one);
  const { accessToken, refreshToken } = device;
  const asked: (() => Promise<Answer>)[] = [
    () => revokeToken(one, account, 'x'),
    () => revokeToken(one, account, 'a.b.c'),
    () => revokeToken(one, account, `${accessToken}x`),
    () => revokeToken(one, account, forged(refreshToken)),
    () => revokeToken(one, account, signerOf(device, Math.floor(Date.now() / 1000) - 700).sign()),
    () => revokeToken(one, shop, accessToken),
    () => revokeToken(one, shop, refreshToken),
    () => sendForm(one, '/oauth/revoke', { token: refreshToken, client_id: 'shop' }),
  ];
  const statements = await statementsOfRequests(one, async () => {
    for (const ask of asked) expectDone(await ask());
  });
  expect(statements).toEqual([]);
  expect(await device.access()).toBeNull();
  expect(await device.refresh()).toMatchObject({ status: 200 });
});

test('what an application is not told of, it cannot take back: without credentials or id, 401', async () => {
  const device = await Device.register(one);
  const answer = await sendForm(one, '/oauth/revoke', { token: device.refreshToken });
  expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  expect(await device.access()).toBeNull();
  expect(claimsOf(device.accessToken).client_id).toBe('account');
});
