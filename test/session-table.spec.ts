import type { Verifier } from '@portcullis/verifier';
import { ClaimsProviders } from '../src/tokens/claims-providers.js';
import { UsersService } from '../src/users/users.service.js';
import { claimsOf } from './support/access-token.js';
import { Device, FROM_OWN_PAGE, send, type Answer } from './support/device.js';
import { followed, refusalBy, startVerifier } from './support/following.js';
import { catchUp } from './support/revocation.js';
import { changeAccount } from './support/operator.js';
import { startService, type Service } from './support/service.js';

/** What ends what, cell by cell: on the instance that answers, on another one, and in a verifier that follows that one. */
let one: Service;
let two: Service;
let verifier: Verifier;
const plans = new Map<string, string>();

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  verifier = await startVerifier(two);
  for (const { app } of [one, two]) {
    app.get(ClaimsProviders, { strict: false }).add(({ userId }) => ({ plan: plans.get(userId) ?? 'free' }));
  }
});
afterAll(async () => {
  verifier.close();
  await two.stop();
  await one.stop();
});

/** A device whose refresh token is a cookie. */
class Browser extends Device {
  cookie = '';

  override async login(): Promise<Answer> {
    const { email, password } = this;
    return this.taking(send(this.service, '/v1/auth/login', { body: { email, password }, headers: FROM_OWN_PAGE }));
  }

  override async refresh(_token?: string, service = this.service): Promise<Answer> {
    const headers = { ...FROM_OWN_PAGE, cookie: this.cookie };
    return this.taking(send(service, '/v1/auth/refresh', { method: 'POST', headers }));
  }

  private async taking(pending: Promise<Answer>): Promise<Answer> {
    const answer = await this.keeping(pending);
    if (answer.status === 200) this.cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    return answer;
  }
}

interface Devices {
  mine: Browser;
  other: Device;
}

interface Row {
  act: (devices: Devices) => Promise<unknown>;
  /** What the access tokens issued before get, and what the next refresh gets; null: accepted. */
  mine: [access: string | null, refresh: string | null];
  other: [access: string | null, refresh: string | null];
  /** Claims of the tokens that a refresh gives. */
  carry?: Record<string, unknown>;
}

const users = () => one.app.get(UsersService, { strict: false });
const NEW_PASSWORD = 'difference engine 1822';

const TABLE: Record<string, Row> = {
  'sign out by access token': {
    act: ({ mine }) => mine.send('/v1/auth/logout', { method: 'POST' }),
    mine: ['session_ended', 'session_ended'],
    other: [null, null],
  },
  'sign out by cookie': {
    act: ({ mine }) =>
      send(one, '/v1/auth/logout', { method: 'POST', headers: { ...FROM_OWN_PAGE, cookie: mine.cookie } }),
    mine: ['session_ended', 'session_ended'],
    other: [null, null],
  },
  'sign out by refresh token': {
    act: ({ other }) => send(one, '/v1/auth/logout', { body: { refreshToken: other.refreshToken } }),
    mine: [null, null],
    other: ['session_ended', 'session_ended'],
  },
  'end one device': {
    act: ({ mine, other }) => mine.send(`/v1/sessions/${other.sessionId}`, { method: 'DELETE' }),
    mine: [null, null],
    other: ['session_ended', 'session_ended'],
  },
  'end all others': {
    act: ({ mine }) => mine.send('/v1/sessions?except=current', { method: 'DELETE' }),
    mine: [null, null],
    other: ['session_ended', 'session_ended'],
  },
  'sign out everywhere': {
    act: ({ mine }) => mine.send('/v1/auth/logout-all', { method: 'POST' }),
    mine: ['token_outdated', 'session_ended'],
    other: ['token_outdated', 'session_ended'],
  },
  'password change': {
    act: ({ other }) =>
      other.keeping(
        other.send('/v1/auth/password', { body: { currentPassword: other.password, newPassword: NEW_PASSWORD } }),
      ),
    mine: ['token_outdated', 'session_ended'],
    other: ['token_outdated', null],
  },
  'role change': {
    act: ({ mine }) => changeAccount(one, mine.userId, { roles: ['editor'] }),
    mine: ['token_outdated', null],
    other: ['token_outdated', null],
    carry: { roles: ['editor'] },
  },
  'custom claim change': {
    act: ({ mine }) => users().changeClaims(mine.userId, async () => plans.set(mine.userId, 'pro')),
    mine: ['token_outdated', null],
    other: ['token_outdated', null],
    carry: { plan: 'pro' },
  },
  'name or profile edited': {
    act: ({ mine }) => mine.send('/v1/users/me', { method: 'PATCH', body: { name: 'Ada' } }),
    mine: [null, null],
    other: [null, null],
  },
  'account deleted': {
    act: ({ mine }) => mine.send('/v1/users/me', { method: 'DELETE' }),
    mine: ['token_outdated', 'session_ended'],
    other: ['token_outdated', 'session_ended'],
  },
  'refresh token reused': {
    act: async ({ other }) => {
      const old = other.refreshToken;
      await other.refresh();
      await other.refresh();
      expect(await send(one, '/v1/auth/refresh', { body: { refreshToken: old } })).toMatchObject({
        status: 401,
        code: 'refresh_token_reused',
      });
    },
    mine: [null, null],
    other: ['session_ended', 'session_ended'],
  },
};

async function signIn(): Promise<Devices> {
  const other = await Device.register(one);
  const mine = new Browser(one, other.email);
  expect((await mine.login()).status).toBe(200);
  return { mine, other };
}

/** The code with which an instance refuses an access token; null when it is accepted. */
const judge = async (token: string, instance: Service) => (await send(instance, '/v1/sessions', { token })).code;

describe.each(Object.entries(TABLE))('%s', (_, row) => {
  // A token that an instance has seen goes another way than one that it sees first after the act.
  test.each([true, false])('tokens seen before: %p', async (seen) => {
    const { mine, other } = await signIn();
    const eve = await Device.register(two);
    const tokens = [mine.accessToken, other.accessToken];
    const ask = (instance: Service) => Promise.all(tokens.map((token) => judge(token, instance)));
    const askVerifier = () => Promise.all(tokens.map((token) => refusalBy(verifier, token)));
    if (seen) expect([...(await ask(one)), ...(await ask(two)), ...(await askVerifier())]).toEqual(Array(6).fill(null));

    await row.act({ mine, other });
    const issued = [mine.accessToken, other.accessToken];
    expect(await ask(one)).toEqual([row.mine[0], row.other[0]]);
    await catchUp(two);
    expect(await ask(two)).toEqual([row.mine[0], row.other[0]]);
    await followed(verifier, two);
    expect(await askVerifier()).toEqual([row.mine[0], row.other[0]]);

    const cells = [
      [mine, row.mine],
      [other, row.other],
    ] as const;
    for (const [i, [device, [refused, refreshed]]] of cells.entries()) {
      // What the act itself issued to the session.
      if (issued[i] !== tokens[i]) expect(await judge(issued[i]!, two)).toBe(refreshed ? refused : null);
      const answer = await device.refresh(undefined, two);
      expect([answer.status, answer.code]).toEqual(refreshed ? [401, refreshed] : [200, null]);
      if (refreshed) continue;
      expect([await judge(device.accessToken, one), await judge(device.accessToken, two)]).toEqual([null, null]);
      expect(claimsOf(device.accessToken)).toMatchObject(row.carry ?? {});
    }
    // What was refused stays refused once the new tokens are about, and nobody else is touched.
    expect(await ask(one)).toEqual([row.mine[0], row.other[0]]);
    expect(await refusalBy(verifier, eve.accessToken)).toBeNull();
    expect([await eve.access(one), await eve.access(two), (await eve.refresh()).status]).toEqual([null, null, 200]);
  });
});
