import { basic, newBackend, type Backend } from './support/feed.js';
import { Device, send, type Answer } from './support/device.js';
import { inForm, sendForm } from './support/oauth.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let shop: Backend;
let device: Device;

beforeAll(async () => {
  service = await startService();
  shop = await newBackend(service, 'shop');
  device = await Device.register(service);
});
afterAll(() => service.stop());

const ENDPOINTS = ['/oauth/token', '/oauth/introspect', '/oauth/revoke'];

/** What is wrong with the client, and nothing else. */
function expectInvalidClient(answer: Answer): void {
  expect(answer).toMatchObject({
    status: 401,
    body: { error: 'invalid_client', code: 'client_credentials_invalid', status: 401 },
  });
  expect(answer.headers.get('www-authenticate')).toBe('Basic realm="portcullis", charset="UTF-8"');
}

describe('who the client is', () => {
  const form = { token: 'x', grant_type: 'refresh_token', refresh_token: 'x' };

  test.each(ENDPOINTS)('%s takes credentials by HTTP Basic, and in the form', async (path) => {
    const answers = [
      await sendForm(service, path, form, shop.headers),
      await sendForm(service, path, { ...form, ...inForm(shop) }),
      await sendForm(service, path, { ...form, client_id: 'shop' }, shop.headers),
      await sendForm(service, path, { ...form, client_secret: '' }, shop.headers),
    ];
    for (const { body, status } of answers) {
      expect({ error: body?.error, status }).toEqual(
        path === '/oauth/token' ? { error: 'invalid_grant', status: 400 } : { error: undefined, status: 200 },
      );
    }
  });

  const wrong: Record<string, () => [form: Record<string, string>, headers?: Record<string, string>]> = {
    nothing: () => [{}],
    'a wrong secret by Basic': () => [{}, { authorization: basic('shop', `${shop.secret}x`) }],
    'a wrong secret in the form': () => [{ client_id: 'shop', client_secret: `${shop.secret}x` }],
    "another's secret": () => [{ client_id: 'account', client_secret: shop.secret }],
    'an application that nobody knows': () => [{ client_id: 'nobody', client_secret: shop.secret }],
    'a secret without an id': () => [{ client_secret: shop.secret }],
    'an access token': () => [{ client_id: 'shop' }, { authorization: `Bearer ${device.accessToken}` }],
    'Basic without a colon': () => [{}, { authorization: `Basic ${Buffer.from('shop').toString('base64')}` }],
    'an encoding of nothing': () => [{}, { authorization: basic('shop', '%zz') }],
  };
  test.each(Object.keys(wrong))('%s: 401 invalid_client, and Basic is asked for', async (name) => {
    const [parameters, headers] = wrong[name]!();
    for (const path of ENDPOINTS)
      expectInvalidClient(await sendForm(service, path, { ...form, ...parameters }, headers));
  });

  test('an id alone makes a public client, which may renew and revoke, and not introspect', async () => {
    const { status } = await sendForm(service, '/oauth/revoke', { ...form, client_id: 'shop' });
    const { body } = await sendForm(service, '/oauth/token', { ...form, client_id: 'shop' });
    expect([status, body.error]).toEqual([200, 'invalid_grant']);
    expectInvalidClient(await sendForm(service, '/oauth/introspect', { ...form, client_id: 'shop' }));
  });

  test('an id that nobody knows is no public client', async () => {
    for (const path of ENDPOINTS) expectInvalidClient(await sendForm(service, path, { ...form, client_id: 'nobody' }));
  });

  test.each(ENDPOINTS)('%s: credentials given twice, or of two applications, are invalid_request', async (path) => {
    const twice: Record<string, string>[] = [inForm(shop), { client_id: 'account' }, { client_secret: shop.secret }];
    for (const more of twice) {
      const answer = await sendForm(service, path, { ...form, ...more }, shop.headers);
      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request', code: 'validation_failed' } });
    }
  });

  test('no other route takes credentials from its body', async () => {
    const posted = await send(service, '/v1/auth/logout', { body: inForm(shop) });
    expect(posted).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  test('the credentials of a disabled application are wrong ones, and right again when it is not', async () => {
    const other = await newBackend(service);
    const ask = async () => (await sendForm(service, '/oauth/introspect', form, other.headers)).status;
    const enable = (enabled: boolean) =>
      service.db.query('update applications set enabled = $2 where id = $1', [other.applicationId, enabled]);
    expect(await ask()).toBe(200);
    await enable(false);
    const started = await startService({ besides: service });
    expectInvalidClient(await sendForm(started, '/oauth/introspect', form, other.headers));
    await started.stop();
  });
});

describe('wrong secrets', () => {
  test('a source that tries too many is told to wait; a right one is let in all the same', async () => {
    const strict = await startService({ besides: service });
    const guess = (n: number) =>
      sendForm(strict, '/oauth/introspect', { token: 'x' }, { authorization: basic('shop', `${n}`) });
    const answers = await Promise.all(Array.from({ length: 130 }, (_, n) => guess(n)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    const last = await guess(1000);
    expect(last).toMatchObject({ status: 429, body: { error: 'temporarily_unavailable', code: 'too_many_requests' } });
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await sendForm(strict, '/oauth/introspect', { token: 'x' }, shop.headers)).status).toBe(200);
    await strict.stop();
  });
});

test('neither secrets nor tokens are in the log, right or wrong', async () => {
  const log: string[] = [];
  const talkative = await startService({ besides: service, onLog: (line) => log.push(line) });
  const { accessToken, refreshToken } = await Device.register(service);
  const wrong = { ...shop, secret: `pas_${'w'.repeat(43)}` };
  for (const path of ENDPOINTS) {
    for (const token of [accessToken, refreshToken]) {
      const form = { token, grant_type: 'refresh_token', refresh_token: token };
      await sendForm(talkative, path, form, shop.headers);
      await sendForm(talkative, path, { ...form, ...inForm(shop) });
      await sendForm(talkative, path, { ...form, ...inForm(wrong) });
      await sendForm(talkative, path, { ...form, ...inForm(shop) }, shop.headers);
    }
  }
  await talkative.stop();
  const everything = log.join('\n');
  expect(everything).toContain('/oauth/introspect');
  const [, basic] = shop.headers.authorization.split(' ');
  for (const secret of [
    shop.secret,
    wrong.secret,
    basic!,
    accessToken,
    refreshToken,
    ...accessToken.split('.').slice(1),
  ])
    expect(everything).not.toContain(secret);
});
