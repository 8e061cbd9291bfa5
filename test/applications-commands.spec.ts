import { applicationsOf, registerAt } from './support/applications.js';
import { claimsOf } from './support/access-token.js';
import { send } from './support/device.js';
import { basic } from './support/feed.js';
import { operate, operateJson } from './support/operate.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** Commands do their work in a process of their own; the instances hear of it as of what any other one did. */
let one: Service;

beforeAll(async () => {
  one = await startService();
});
afterAll(() => one.stop());

const WHY = '--reason "the shop opens"';

test('create, and people sign in to it at once; list shows it beside the built-in one', async () => {
  const { code, out } = await operate(one, `application create shop --name "The shop" --token-life 5m ${WHY}`);
  expect({ code, first: out.split('\n')[0] }).toEqual({ code: 0, first: 'People can sign in to shop now.' });
  const device = await registerAt(one, 'shop');
  const { iat, exp, aud } = claimsOf(device.accessToken);
  expect([exp - iat, aud]).toEqual([300, 'shop']);
  const { out: list } = await operate(one, 'application list');
  expect(list).toMatch(/^APPLICATION +NAME +AUDIENCE +STATUS +SECRETS +ORIGINS\naccount +account +account +enabled/);
  expect(list).toMatch(/\nshop +The shop +shop +enabled +0 +–\n/);
});

test('create with all there is, and update of what is named and only that; usual and none take it back', async () => {
  const options =
    '--audience https://api.example --origin https://a.example --origin https://b.example --delivery cookie ' +
    '--token-life 2m --idle 1h --max 2h --idle-remembered 1d --max-remembered 2d --permission sessions';
  const { application } = await operateJson(one, `application create full ${options} ${WHY}`);
  expect(application).toMatchObject({
    audience: 'https://api.example',
    origins: ['https://a.example', 'https://b.example'],
    delivery: ['cookie'],
    accessTokenTtl: 120,
    sessionIdle: 3600,
    sessionMax: 7200,
    sessionIdleRemembered: 86_400,
    sessionMaxRemembered: 172_800,
    permissions: ['sessions'],
  });
  const update = `application update full --token-life usual --permission none --origin https://c.example ${WHY}`;
  const changed = (await operateJson(one, update)).application;
  const differs = { accessTokenTtl: null, permissions: [], origins: ['https://c.example'] };
  expect(changed).toEqual({ ...application, ...differs });
});

test.each([
  ['application create Shop', 2, /small letters/],
  ['application create account', 1, /already/],
  ['application create bad --origin https://a.example/path', 2, /Write an origin/],
  ['application create bad --idle 2h --max 1h', 2, /cannot lie unused/],
  ['application create bad --token-life soon', 2, /--token-life takes a duration/],
  ['application create bad --delivery pigeon', 2, /cookie/],
  ['application create', 2, /^Missing required argument/],
  ['application update account', 2, /Say what is to change/],
  ['application update account --max 1h', 1, /configuration/],
  ['application update nobody --name x', 1, /no such application/],
  ['application rotate-secret nobody', 1, /no such application/],
  ['application disable account', 1, /cannot be disabled/],
  ['application enable account', 1, /not disabled/],
  ['application', 2, /application list, create, update, rotate-secret, disable, enable/],
])('%s ends with %i, says why and changes nothing', async (words, code, why) => {
  const state = () => one.db.query('select json_agg(a order by id) as rows from applications a');
  const before = await state();
  const ending = await operate(one, words === 'application' ? words : `${words} ${WHY}`);
  expect(ending).toMatchObject({ code, out: '', err: expect.stringMatching(why) });
  expect(await state()).toEqual(before);
});

test('every one of them that changes something wants a reason', async () => {
  for (const words of ['create other', 'update shop --name x', 'rotate-secret shop', 'disable shop', 'enable shop'])
    expect(await operate(one, `application ${words}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('Say why'),
    });
});

test('rotate-secret shows a secret on the first line, this once; the one before it runs out as told', async () => {
  await operate(one, `application create backend ${WHY}`);
  const first = (await operate(one, `application rotate-secret backend ${WHY}`)).out.split('\n')[0]!;
  const second = await operate(one, `application rotate-secret backend --overlap 0s ${WHY}`);
  expect(second).toMatchObject({ code: 0, out: expect.stringMatching(/^pas_[\w-]{43}\nIt is shown this once/) });
  const follow = async (secret: string) =>
    (await send(one, '/v1/revocations', { headers: { authorization: basic('backend', secret) } })).status;
  expect([await follow(second.out.split('\n')[0]!), await follow(first)]).toEqual([200, 401]);
  expect(JSON.stringify(await operateJson(one, 'application list'))).not.toContain('pas_');
});

test('disable waits until every instance has it; enable lets people in again, and what was ended stays ended', async () => {
  const device = await registerAt(one, 'shop');
  const disabled = await operate(one, `application disable shop --wait ${WHY}`);
  expect(disabled).toMatchObject({ code: 0, out: expect.stringContaining('It holds on every running instance') });
  expect(await device.send('/v1/sessions/current')).toMatchObject({ status: 403, code: 'application_disabled' });
  expect((await operate(one, 'application list')).out).toMatch(/\nshop .* DISABLED /);

  await operate(one, `application enable shop ${WHY}`);
  await Promise.all([catchUp(one), applicationsOf(one).load()]);
  expect((await device.send('/v1/sessions/current')).code).toBe('token_outdated');
  expect((await device.login({ applicationId: 'shop' })).status).toBe(200);
});
