import type { Verifier } from '@portcullis/verifier';
import { TokenDenialService } from '../src/revocation/token-denial.service.js';
import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { SessionAdministrationService } from '../src/sessions/session-administration.service.js';
import { addApplication, administrationOf, applicationsOf, registerAt } from './support/applications.js';
import { claimsOf, headerOf, keysOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { newBackend } from './support/feed.js';
import { followed, refusalBy, startVerifier } from './support/following.js';
import { accountsOf, ACT } from './support/operator.js';
import { catchUp, change, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/**
 * The rows of the table that operators cause, by the services that the routes and the commands call, and what every
 * instance answers then. Signing keys: as a change of state and its line in the log.
 */
let one: Service;
let two: Service;
/** Follows the second one. */
let verifier: Verifier;

async function start(): Promise<void> {
  one = await startService();
  two = await startService({ besides: one });
  verifier = await startVerifier(two);
}

async function stop(): Promise<void> {
  verifier.close();
  await two.stop();
  await one.stop();
}

/**
 * What both instances say to tokens issued before, the second one once it has read the log; and what a verifier says.
 */
async function answers(devices: Device[], tokens = devices.map((device) => device.accessToken)) {
  return answersOf(verifier, '/v1/sessions', tokens);
}

/** The same for tokens of another application, whose own verifier follows the second instance. */
async function answersAt(own: Verifier, devices: Device[]) {
  const tokens = devices.map((device) => device.accessToken);
  return answersOf(own, '/v1/sessions/current', tokens);
}

async function answersOf(verifier: Verifier, path: string, tokens: string[]) {
  const ask = (instance: Service) =>
    Promise.all(
      tokens.map(async (token) => {
        const { status, code } = await send(instance, path, { token });
        return code && `${status} ${code}`;
      }),
    );
  const here = await ask(one);
  await catchUp(two);
  expect(await ask(two)).toEqual(here);
  await followed(verifier, two);
  const there = await Promise.all(tokens.map((token) => refusalBy(verifier, token)));
  expect(there).toEqual(here.map((answer) => answer?.slice('401 '.length) ?? null));
  return here;
}

const signOutOf = (service: Service) => service.app.get(ApplicationSignOutService, { strict: false });

const refreshes = (devices: Device[]) =>
  Promise.all(
    devices.map(async (device) => {
      const { status, code } = await device.refresh(undefined, two);
      return code && `${status} ${code}`;
    }),
  );

async function signIn(): Promise<Device[]> {
  const mine = await Device.register(one);
  const devices = [mine, await mine.another(), await Device.register(two)];
  expect(await answers(devices)).toEqual([null, null, null]);
  return devices;
}

describe('About a person, a device or a token', () => {
  beforeAll(start);
  afterAll(stop);

  test('suspend: all its devices get 403 account_suspended, so do refresh and sign-in; once lifted they have ended', async () => {
    const devices = await signIn();
    const { userId } = devices[0]!;
    await accountsOf(one).suspend(userId, ACT);
    expect(await answers(devices)).toEqual(['403 account_suspended', '403 account_suspended', null]);
    expect(await refreshes(devices)).toEqual(['403 account_suspended', '403 account_suspended', null]);
    expect(await devices[0]!.login()).toMatchObject({ status: 403, code: 'account_suspended' });

    await accountsOf(one).restore(userId, ACT);
    expect(await answers(devices)).toEqual(['401 token_outdated', '401 token_outdated', null]);
    expect(await refreshes(devices)).toEqual(['401 session_ended', '401 session_ended', null]);
    expect((await devices[0]!.login()).status).toBe(200);
    expect(await answers(devices)).toEqual([null, '401 token_outdated', null]);
  });

  test('one token denied: that one is refused, its session goes on and refreshes', async () => {
    const devices = await signIn();
    const denied = devices[0]!.accessToken;
    await one.app.get(TokenDenialService, { strict: false }).denyToken(claimsOf(denied).jti, ACT);
    expect(await answers(devices)).toEqual(['401 token_revoked', null, null]);
    expect(await refreshes(devices)).toEqual([null, null, null]);
    expect(await answers(devices)).toEqual([null, null, null]);
    expect(await answers(devices, [denied])).toEqual(['401 token_revoked']);
  });

  test('signed out everywhere: all its devices are outdated and have ended, and are told that an operator did it', async () => {
    const devices = await signIn();
    await accountsOf(one).signOutEverywhere(devices[0]!.userId, ACT);
    expect(await answers(devices)).toEqual(['401 token_outdated', '401 token_outdated', null]);
    expect(await refreshes(devices)).toEqual(['401 session_ended', '401 session_ended', null]);
    expect((await devices[1]!.refresh()).body).toMatchObject({ reason: 'ended_by_operator' });
  });

  test('one device ended: its session is over, the others go on', async () => {
    const devices = await signIn();
    const sessions = one.app.get(SessionAdministrationService, { strict: false });
    expect(await sessions.end(devices[1]!.sessionId, ACT)).toBe(devices[1]!.userId);
    expect(await answers(devices)).toEqual([null, '401 session_ended', null]);
    expect(await refreshes(devices)).toEqual([null, '401 session_ended', null]);
    expect((await devices[1]!.refresh()).body).toMatchObject({ reason: 'ended_by_operator' });
    expect((await sessions.listOf(devices[0]!.userId)).map(({ id }) => id)).toEqual([devices[0]!.sessionId]);
  });

  test('roles changed: sessions go on, tokens are outdated and come back with the roles', async () => {
    const devices = await signIn();
    await accountsOf(one).setRoles(devices[0]!.userId, ['editor'], ACT);
    expect(await answers(devices)).toEqual(['401 token_outdated', '401 token_outdated', null]);
    expect(await refreshes(devices)).toEqual([null, null, null]);
    expect(devices.map((device) => claimsOf(device.accessToken)['roles'])).toEqual([['editor'], ['editor'], []]);
  });

  test('roles changed of a suspended account: it stays suspended on every instance', async () => {
    const devices = await signIn();
    await accountsOf(one).suspend(devices[0]!.userId, ACT);
    await accountsOf(one).setRoles(devices[0]!.userId, ['editor'], ACT);
    expect(await answers(devices)).toEqual(['403 account_suspended', '403 account_suspended', null]);
  });
});

describe('About all of them', () => {
  beforeEach(start);
  afterEach(stop);

  test('a signing key withdrawn: whatever it signed is refused, and every session refreshes to another key', async () => {
    const devices = await signIn();
    const tokens = devices.map((device) => device.accessToken);
    const { kid } = keysOf(one).signingKey();
    await change(
      one,
      `update signing_keys set status = 'withdrawn', withdrawn_at = now() where status = 'active';
       update signing_keys set status = 'active', activated_at = now() where status = 'standby'`,
      { kind: 'key', subject: kid, permanent: true },
    );
    await Promise.all([one, two].map((instance) => keysOf(instance).load()));
    expect(await answers(devices)).toEqual(Array(3).fill('401 token_revoked'));
    expect(await refreshes(devices)).toEqual([null, null, null]);
    expect(await answers(devices)).toEqual([null, null, null]);
    expect(devices.map((device) => headerOf(device.accessToken)['kid'])).not.toContain(kid);
    expect((await send(one, '/.well-known/jwks.json')).body.keys.map((key: { kid: string }) => key.kid)).not.toContain(
      kid,
    );

    const started = await startService({ besides: one });
    expect(await devices[0]!.send('/v1/sessions', { token: tokens[0]! }, started)).toMatchObject({
      code: 'token_revoked',
    });
    expect(await devices[0]!.access(started)).toBeNull();
    await started.stop();
  });

  test('an application disabled: all its sessions get 403 application_disabled, so does every sign-in', async () => {
    const shop = await addApplication(one);
    await applicationsOf(two).load();
    const follower = await startVerifier(two, { backend: await newBackend(two, shop) });
    const mine = await registerAt(one, shop);
    const devices = [mine, await mine.another({ applicationId: shop }), await registerAt(two, shop)];
    const elsewhere = await mine.another();
    expect(await answersAt(follower, devices)).toEqual([null, null, null]);
    await administrationOf(one).disable(shop, ACT);
    const refused = Array(3).fill('403 application_disabled');
    expect(await answersAt(follower, devices)).toEqual(refused);
    expect(await refreshes(devices)).toEqual(refused);
    expect(await mine.login({ applicationId: shop })).toMatchObject({ status: 403, code: 'application_disabled' });
    expect(syncOf(two).index.application.find(shop)?.expiresAt).toBe(Infinity);
    expect(await answers([elsewhere])).toEqual([null]);

    await administrationOf(two).enable(shop, ACT);
    await catchUp(one);
    expect(await answersAt(follower, devices)).toEqual(Array(3).fill('401 token_outdated'));
    expect(await refreshes(devices)).toEqual(Array(3).fill('401 session_ended'));
    expect((await mine.login({ applicationId: shop })).status).toBe(200);
    expect(await answersAt(follower, devices)).toEqual([null, '401 token_outdated', '401 token_outdated']);
  });

  test('everyone signed out: one line; all tokens are outdated, every session has ended, signing in works', async () => {
    const devices = await signIn();
    const rowsOf = () => one.db.query('select s.xmin::text, s.ctid::text, s.* from sessions s order by id');
    const before = await rowsOf();
    expect(await signOutOf(one).signOutEveryone(ACT)).toEqual(['account']);
    expect(await answers(devices)).toEqual(Array(3).fill('401 token_outdated'));
    expect(await refreshes(devices)).toEqual(Array(3).fill('401 session_ended'));
    expect((await devices[0]!.refresh()).body).toMatchObject({ reason: 'everyone_signed_out' });
    expect(await rowsOf()).toEqual(before);
    expect((await devices[0]!.login()).status).toBe(200);
    expect(await answers(devices)).toEqual([null, '401 token_outdated', '401 token_outdated']);
  });

  test('everyone signed out of one application: the same, for that one; of one there is not: not_found', async () => {
    const devices = await signIn();
    await expect(signOutOf(one).signOutApplication('unknown', ACT)).rejects.toMatchObject({ code: 'not_found' });
    expect(await answers(devices)).toEqual([null, null, null]);
    await signOutOf(one).signOutApplication('account', ACT);
    expect(await answers(devices)).toEqual(Array(3).fill('401 token_outdated'));
    expect(await refreshes(devices)).toEqual(Array(3).fill('401 session_ended'));
  });

  test('everyone signed out while the application is disabled: it stays disabled, on every instance and for ever', async () => {
    const shop = await addApplication(one);
    await applicationsOf(two).load();
    const follower = await startVerifier(two, { backend: await newBackend(two, shop) });
    const devices = [await registerAt(one, shop)];
    await administrationOf(one).disable(shop, ACT);
    await signOutOf(one).signOutEveryone(ACT);
    expect(await answersAt(follower, devices)).toEqual(['403 application_disabled']);
    expect(syncOf(two).index.application.find(shop)).toMatchObject({ suspended: true, expiresAt: Infinity });
  });

  test('of several refusals the strictest is told', async () => {
    const [device] = await signIn();
    const { jti, sub, sid, ver } = claimsOf(device!.accessToken);
    const lines = [
      ['401 token_outdated', { kind: 'user', subject: sub, minVersion: ver + 1 }],
      ['401 token_revoked', { kind: 'token', subject: jti }],
      ['401 session_ended', { kind: 'session', subject: sid }],
      ['403 application_disabled', { kind: 'application', subject: 'account', suspended: true }],
      ['403 account_suspended', { kind: 'user', subject: sub, suspended: true }],
      ['401 token_revoked', { kind: 'key', subject: keysOf(one).signingKey().kid }],
    ] as const;
    for (const [answer, line] of lines) {
      await change(one, '', line);
      expect(await answers([device!])).toEqual([answer]);
    }
  });
});
