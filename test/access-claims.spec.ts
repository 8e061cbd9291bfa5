import { ClaimsProviders, type ClaimsProvider } from '../src/tokens/claims-providers.js';
import { AccountAdministrationService } from '../src/users/account-administration.service.js';
import { UsersService } from '../src/users/users.service.js';
import { claimsOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { statementsOfRequests } from './support/request-statements.js';
import { startService, type Service } from './support/service.js';

const silent: ClaimsProvider = () => ({});
let [first, second] = [silent, silent];
let service: Service;

beforeAll(async () => {
  service = await startService({ extras: { imports: [GuardedRoutesModule] } });
  const providers = service.app.get(ClaimsProviders, { strict: false });
  providers.add((subject) => first(subject));
  providers.add((subject) => second(subject));
});
beforeEach(() => ([first, second] = [silent, silent]));
afterAll(() => service.stop());

const users = () => service.app.get(UsersService, { strict: false });

test('what a claims provider says is in every token, and the routes see it', async () => {
  // The whole subject: nothing personal comes along by mistake.
  first = async (subject) => ({ plan: 'pro', subject: { ...subject } });
  const device = await Device.register(service);
  const { userId, sessionId } = device;
  const claims = { plan: 'pro', subject: { userId, sessionId, applicationId: 'account' } };
  expect(claimsOf(device.accessToken)['subject']).toEqual(claims.subject);
  expect(claimsOf(device.accessToken)).toMatchObject(claims);
  expect((await device.send('/plain')).body.claims).toMatchObject(claims);
  await device.refresh();
  expect(claimsOf(device.accessToken)).toMatchObject(claims);
});

test('a changed claim outdates the tokens before it and no session; the next ones carry it', async () => {
  const plans = new Map<string, string>();
  first = ({ userId }) => ({ plan: plans.get(userId) ?? 'free' });
  const [ada, eve] = [await Device.register(service), await Device.register(service)];
  const tablet = await ada.another();
  await users().changeClaims(ada.userId, async () => plans.set(ada.userId, 'pro'));
  const outdated = 'token_outdated';
  expect([await ada.access(), await tablet.access(), await eve.access()]).toEqual([outdated, outdated, null]);
  for (const device of [ada, tablet]) {
    expect((await device.refresh()).status).toBe(200);
    expect(claimsOf(device.accessToken)['plan']).toBe('pro');
    expect(await device.access()).toBeNull();
  }
});

test('a claim that changes while its account is suspended leaves the suspension standing', async () => {
  const device = await Device.register(service);
  const act = { actor: 'operator:test', reason: 'Fraud.' };
  await service.app.get(AccountAdministrationService, { strict: false }).suspend(device.userId, act);
  await users().changeClaims(device.userId, async () => undefined);
  expect(await device.access()).toBe('account_suspended');
});

test('a change that fails outdates nothing', async () => {
  const device = await Device.register(service);
  await expect(users().changeClaims(device.userId, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await device.access()).toBeNull();
  expect(await service.db.query('select 1 from revocations where subject = $1', [device.userId])).toEqual([]);
});

const OWN_CLAIMS =
  'iss sub aud exp nbf iat jti client_id sid ver aver auth_time acr amr roles scope cnf act may_act'.split(' ');

test.each(OWN_CLAIMS)('a provider may not set %s: no token is issued, and the next attempt succeeds', async (name) => {
  const device = await Device.register(service);
  first = () => ({ [name]: 'mine' });
  expect(await device.refresh()).toMatchObject({ status: 500, code: 'internal_error' });
  first = silent;
  expect((await device.refresh()).status).toBe(200);
});

test('two providers may not set the same claim', async () => {
  const device = await Device.register(service);
  first = () => ({ plan: 'free' });
  second = () => ({ plan: 'pro' });
  expect(await device.refresh()).toMatchObject({ status: 500, code: 'internal_error' });
});

test('a protected request costs no statement of the database, the first one with a token included', async () => {
  const devices = await Promise.all(Array.from({ length: 10 }, () => Device.register(service)));
  const statements = await statementsOfRequests(service, async () => {
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(devices.map((device) => device.send('/plain')));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    }
  });
  expect(statements).toEqual([]);
  // One that costs some shows that they are heard.
  const others = await statementsOfRequests(service, () => devices[0]!.access());
  expect(others).toEqual([expect.stringContaining('from users')]);
});

test('a provider that is down costs nobody the refresh token, however long it lasts', async () => {
  const device = await Device.register(service);
  first = () => Promise.reject(new Error('down'));
  expect((await device.refresh()).status).toBe(500);
  await service.advance(service.config.refreshGrace + 60);
  expect((await device.refresh()).status).toBe(500);
  first = silent;
  expect((await device.refresh()).status).toBe(200);
  expect(await device.access()).toBeNull();
});

test('a provider that is down keeps a password change from happening', async () => {
  const device = await Device.register(service);
  const change = { currentPassword: device.password, newPassword: 'difference engine 1822' };
  first = () => Promise.reject(new Error('down'));
  expect((await device.send('/v1/auth/password', { body: change })).status).toBe(500);
  first = silent;
  expect(await device.access()).toBeNull();
  expect((await device.refresh()).status).toBe(200);
  expect((await device.login()).status).toBe(200);
});

test('claims read before a change never come with the version after it', async () => {
  let plan = 'free';
  const device = await Device.register(service);
  let changed: Promise<unknown> | undefined;
  first = async () => {
    const read = plan;
    // The change commits between the reading of the claim and the rotation.
    await (changed ??= users().changeClaims(device.userId, async () => void (plan = 'pro')));
    return { plan: read };
  };
  expect((await device.refresh()).status).toBe(200);
  expect([claimsOf(device.accessToken)['plan'], await device.access()]).toEqual(['free', 'token_outdated']);
  expect((await device.refresh()).status).toBe(200);
  expect([claimsOf(device.accessToken)['plan'], await device.access()]).toEqual(['pro', null]);
});

test('more claims than a token holds are an error of the provider, before anything is spent', async () => {
  const device = await Device.register(service);
  first = () => ({ everything: 'x'.repeat(5_000) });
  expect((await device.refresh()).status).toBe(500);
  first = silent;
  expect((await device.refresh()).status).toBe(200);
});
