import { Readiness } from '../src/common/readiness.js';
import { KeyAdministrationService } from '../src/keys/key-administration.service.js';
import { ApplicationSignOutService } from '../src/sessions/application-sign-out.service.js';
import { claimsOf, headerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { LiveGatewaysModule } from './support/live-gateways.js';
import { openSocket, type LiveSocket } from './support/live-socket.js';
import { ACT, changeAccount } from './support/operator.js';
import { poll } from './support/poll.js';
import { catchUp, change, revoke } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

const extras = { imports: [LiveGatewaysModule] };
const ENDED = '4401 session_ended';
const OUTDATED = '4401 token_outdated';
const STAYS = null;

interface Pair {
  one: Service;
  two: Service;
}

async function startPair(): Promise<Pair> {
  const one = await startService({ extras });
  return { one, two: await startService({ besides: one, extras }) };
}

async function stopPair({ one, two }: Pair): Promise<void> {
  await two.stop();
  await one.stop();
}

/** A connection of each device at each instance, after what was done at the first one was known at the second. */
async function outcomes(
  { one, two }: Pair,
  devices: Device[],
  act: () => Promise<unknown>,
): Promise<(string | null)[]> {
  const open: LiveSocket[] = [];
  for (const device of devices)
    for (const service of [one, two])
      open.push(await openSocket(service, '/live/plain', { token: device.accessToken }));
  await act();
  await catchUp(two);
  // A close that is on its way arrives before the answer to what is asked now.
  for (const live of open) if (live.closed === null) await live.ask('echo', 'there?');
  const [mine1, mine2, other1, other2] = open.map(({ closed }) => closed);
  expect([mine2, other2]).toEqual([mine1, other1]);
  for (const { socket } of open) socket.terminate();
  return [mine1!, other1!];
}

/** What is done, at the first instance; how the connections of this session end, and those of another device. */
type Case = [
  name: string,
  act: (mine: Device, other: Device) => Promise<unknown>,
  mine: string | null,
  others: string | null,
];

const CASES: Case[] = [
  ['sign out', (mine) => mine.send('/v1/auth/logout', { method: 'POST' }), ENDED, STAYS],
  [
    'sign out by refresh token',
    ({ service, refreshToken }) => send(service, '/v1/auth/logout', { body: { refreshToken } }),
    ENDED,
    STAYS,
  ],
  [
    'the end of this device by another one',
    (mine, other) => other.send(`/v1/sessions/${mine.sessionId}`, { method: 'DELETE' }),
    ENDED,
    STAYS,
  ],
  ['the end of all others', (mine) => mine.send('/v1/sessions?except=current', { method: 'DELETE' }), STAYS, ENDED],
  ['sign out everywhere', (mine) => mine.send('/v1/auth/logout-all', { method: 'POST' }), OUTDATED, OUTDATED],
  [
    'a password change',
    (mine) =>
      mine.send('/v1/auth/password', {
        body: { currentPassword: mine.password, newPassword: 'difference engine 1822' },
      }),
    OUTDATED,
    OUTDATED,
  ],
  ['a role change', (mine) => changeAccount(mine.service, mine.userId, { roles: ['editor'] }), OUTDATED, OUTDATED],
  ['an edited name', (mine) => mine.send('/v1/users/me', { method: 'PATCH', body: { name: 'Ada' } }), STAYS, STAYS],
  [
    'a suspension',
    (mine) => changeAccount(mine.service, mine.userId, { status: 'suspended' }),
    '4403 account_suspended',
    '4403 account_suspended',
  ],
  ['the deletion of the account', (mine) => mine.send('/v1/users/me', { method: 'DELETE' }), OUTDATED, OUTDATED],
  [
    'a refresh token used again',
    async (mine) => {
      const first = mine.refreshToken;
      await mine.refresh();
      await mine.refresh();
      expect((await mine.refresh(first)).code).toBe('refresh_token_reused');
    },
    ENDED,
    STAYS,
  ],
  [
    'one token denied',
    (mine) => revoke(mine.service, { kind: 'token', subject: claimsOf(mine.accessToken).jti }),
    '4401 token_revoked',
    STAYS,
  ],
];

describe('connections on two instances', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => stopPair(pair));

  test.each(CASES)(
    '%s: each closes on both with the code that a request gets, or stays',
    async (_, act, mine, others) => {
      const device = await Device.register(pair.one);
      const other = await device.another();
      expect(await outcomes(pair, [device, other], () => act(device, other))).toEqual([mine, others]);
    },
  );
});

describe('connections of everybody', () => {
  const GLOBAL: Case[] = [
    [
      'a withdrawn signing key',
      ({ service, accessToken }) =>
        service.app
          .get(KeyAdministrationService, { strict: false })
          .withdraw(String(headerOf(accessToken)['kid']), ACT),
      '4401 token_revoked',
      '4401 token_revoked',
    ],
    [
      'a disabled application',
      ({ service }) =>
        change(service, `update applications set enabled = false where id = 'account'`, {
          kind: 'application',
          subject: 'account',
          suspended: true,
          permanent: true,
        }),
      '4403 application_disabled',
      '4403 application_disabled',
    ],
    [
      'a sign-out of everyone',
      ({ service }) => service.app.get(ApplicationSignOutService, { strict: false }).signOutEveryone(ACT),
      OUTDATED,
      OUTDATED,
    ],
  ];

  test.each(GLOBAL)('%s closes them on both instances', async (_, act, mine, others) => {
    const pair = await startPair();
    const devices: [Device, Device] = [await Device.register(pair.one), await Device.register(pair.one)];
    expect(await outcomes(pair, devices, () => act(...devices))).toEqual([mine, others]);
    await stopPair(pair);
  });
});

describe('a connection', () => {
  let pair: Pair;
  let device: Device;
  beforeAll(async () => {
    pair = await startPair();
  });
  beforeEach(async () => {
    device = await Device.register(pair.one);
  });
  afterAll(() => stopPair(pair));

  const open = (at = pair.two) => openSocket(at, '/live/plain', { token: device.accessToken });

  test('does not outlive its token, and does with a fresh one of its session', async () => {
    const [silent, renewed] = [await open(), await open()];
    await pair.one.advance(300);
    await device.refresh();
    const { data } = await renewed.ask('token.renew', { accessToken: device.accessToken });
    expect(data).toEqual({ expiresAt: new Date(claimsOf(device.accessToken).exp * 1000).toISOString() });
    await pair.one.advance(310);
    expect(await silent.end()).toBe('4401 token_expired');
    expect(await renewed.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
    await device.send('/v1/auth/logout', { method: 'POST' });
    expect(await renewed.end()).toBe(ENDED);
  });

  test('takes no token of another session, no refused one and no nonsense, and goes on with the one it has', async () => {
    const live = await open();
    await poll(() => live.received.length === 1);
    const [stranger, other] = [await Device.register(pair.one), await device.another()];
    for (const { accessToken } of [stranger, other])
      expect(await live.ask('token.renew', { accessToken })).toMatchObject({ data: { code: 'credentials_ambiguous' } });
    expect(await live.ask('token.renew', { accessToken: 'nonsense' })).toMatchObject({
      data: { code: 'token_invalid' },
    });
    for (const data of [null, {}, { accessToken: 1 }, 'text'])
      expect(await live.ask('token.renew', data)).toMatchObject({ data: { code: 'validation_failed' } });
    expect(await live.ask('who')).toMatchObject({ event: 'you', data: { sessionId: device.sessionId } });
    live.socket.close();
  });

  test('is not heard after its end, even if it says something at that very moment', async () => {
    const live = await open(pair.one);
    await poll(() => live.received.length === 1);
    const ending = device.send('/v1/auth/logout', { method: 'POST' });
    while (live.closed === null && live.socket.readyState === live.socket.OPEN) {
      live.socket.send('{"event":"who"}');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ending;
    const heard = live.received.length;
    expect(await live.end()).toBe(ENDED);
    expect(live.received).toHaveLength(heard);
  });

  test('that subscribed to something hears no more of it after the end of its session', async () => {
    const live = await open();
    live.socket.send('{"event":"ticks"}');
    await poll(() => live.received.length > 3);
    await device.send('/v1/auth/logout', { method: 'POST' });
    expect(await live.end()).toBe(ENDED);
  });

  test('is told that the instance goes away, so that the client meets another one', async () => {
    const three = await startService({ besides: pair.one, extras });
    const live = await open(three);
    // A balancer notices late; whom it still sends here is not refused, and sent away with the others.
    three.app.get(Readiness, { strict: false }).shutDown();
    const late = await open(three);
    await poll(() => late.received.length === 1);
    expect(await late.ask('echo', 1)).toEqual({ event: 'echo', data: 1 });
    await three.stop();
    expect([await live.end(), await late.end()]).toEqual(['1001', '1001']);
    const next = await open();
    next.socket.close();
  });
});
