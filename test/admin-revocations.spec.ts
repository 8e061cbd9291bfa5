import { uuidv7 } from 'uuidv7';
import { claimsOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { registerAdmin } from './support/operator.js';
import { catchUp } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;
let admin: Device;

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one });
  admin = await registerAdmin(one);
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});
beforeEach(async () => {
  // Some acts sign the administrator out too.
  await admin.login();
});

const revoke = (body: object) => admin.send('/v1/admin/revocations', { body: { reason: 'stolen laptop', ...body } });
const list = async (query = '') => (await admin.send(`/v1/admin/revocations${query}`)).body;
const remove = (path: string) => admin.send(`/v1/admin/users/${path}?reason=stolen+laptop`, { method: 'DELETE' });

async function signIn(): Promise<[laptop: Device, phone: Device]> {
  const laptop = await Device.register(one, { deviceName: 'Laptop' });
  const phone = await laptop.another({ deviceName: 'Phone' });
  return [laptop, phone];
}

/** What both instances say to the access tokens, then what a refresh says. */
async function verdicts(...devices: Device[]) {
  const here = await Promise.all(devices.map((device) => device.access(one)));
  await catchUp(two);
  expect(await Promise.all(devices.map((device) => device.access(two)))).toEqual(here);
  const refreshed = await Promise.all(devices.map(async (device) => (await device.refresh(undefined, two)).code));
  return here.map((code, place) => [code, refreshed[place]]);
}

const FINE = [null, null];
const OVER = ['token_outdated', 'session_ended'];

describe("Somebody's sessions", () => {
  test('are listed as the person sees them, in pages', async () => {
    const [laptop, phone] = await signIn();
    const { body } = await admin.send(`/v1/admin/users/${laptop.userId}/sessions`);
    expect(body.items).toMatchObject([{ name: 'Phone', id: phone.sessionId, current: false }, { name: 'Laptop' }]);
    expect(JSON.stringify(body)).not.toMatch(/hash|secret|token/i);
    const page = (await admin.send(`/v1/admin/users/${laptop.userId}/sessions?limit=1`)).body;
    expect(page.items).toHaveLength(1);
    const next = await admin.send(`/v1/admin/users/${laptop.userId}/sessions?limit=1&cursor=${page.nextCursor}`);
    expect(next.body.items).toMatchObject([{ name: 'Laptop' }]);
  });

  test('one is ended: it is refused everywhere, the other goes on; a second time is 409', async () => {
    const [laptop, phone] = await signIn();
    expect((await remove(`${phone.userId}/sessions/${phone.sessionId}`)).status).toBe(204);
    expect(await verdicts(laptop, phone)).toEqual([FINE, ['session_ended', 'session_ended']]);
    const again = await remove(`${phone.userId}/sessions/${phone.sessionId}`);
    expect(again).toMatchObject({
      status: 409,
      code: 'conflict',
      body: { detail: expect.stringContaining('already') },
    });
  });

  test("somebody else's session is not to be found under this person: nothing ends", async () => {
    const [laptop] = await signIn();
    expect(await remove(`${admin.userId}/sessions/${laptop.sessionId}`)).toMatchObject({ status: 404 });
    expect(await verdicts(laptop)).toEqual([FINE]);
  });

  test('all are ended', async () => {
    const [laptop, phone] = await signIn();
    expect((await remove(`${phone.userId}/sessions`)).status).toBe(204);
    expect(await verdicts(laptop, phone)).toEqual([OVER, OVER]);
  });
});

describe('POST /v1/admin/revocations', () => {
  test('a token: it alone is refused, its session refreshes; a second time is 409', async () => {
    const [laptop, phone] = await signIn();
    const { jti } = claimsOf(laptop.accessToken);
    expect((await revoke({ kind: 'token', subject: jti })).status).toBe(204);
    expect(await verdicts(laptop, phone)).toEqual([['token_revoked', null], FINE]);
    expect((await revoke({ kind: 'token', subject: jti })).status).toBe(409);
  });

  test('a session, whoever has it', async () => {
    const [laptop, phone] = await signIn();
    expect((await revoke({ kind: 'session', subject: phone.sessionId })).status).toBe(204);
    expect(await verdicts(laptop, phone)).toEqual([FINE, ['session_ended', 'session_ended']]);
  });

  test('a person: all devices', async () => {
    const [laptop, phone] = await signIn();
    expect((await revoke({ kind: 'user', subject: phone.userId })).status).toBe(204);
    expect(await verdicts(laptop, phone)).toEqual([OVER, OVER]);
  });

  test.each([[{ kind: 'application', subject: 'account' }], [{ kind: 'everyone' }]])(
    '%j: all who are signed in, the asking administrator too',
    async (body) => {
      const [laptop, phone] = await signIn();
      expect((await revoke(body)).status).toBe(204);
      expect(await verdicts(laptop, phone, admin)).toEqual([OVER, OVER, OVER]);
    },
  );

  test.each([
    [{}, '/kind'],
    [{ kind: 'key', subject: 'some-kid' }, '/kind'],
    [{ kind: 'token' }, '/subject'],
    [{ kind: 'token', subject: 'eyJhbGciOiJFUzI1NiJ9' }, '/subject'],
    [{ kind: 'session', subject: 'laptop' }, '/subject'],
    [{ kind: 'application', subject: 'No Application' }, '/subject'],
    [{ kind: 'everyone', subject: 'ada' }, '/subject'],
    [{ kind: 'user', subject: uuidv7(), until: 'tomorrow' }, '/until'],
  ])('%j is 400 with a pointer', async (body, pointer) => {
    const answer = await revoke(body);
    expect(answer).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  test.each([
    [{ kind: 'session', subject: uuidv7() }],
    [{ kind: 'user', subject: uuidv7() }],
    [{ kind: 'application', subject: 'unknown' }],
  ])('%j, which there is not, is 404', async (body) => {
    expect(await revoke(body)).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('GET /v1/admin/revocations', () => {
  test('tells what is in force: on whom, until when, by whom and why; not what has run out', async () => {
    const [laptop] = await signIn();
    await revoke({ kind: 'session', subject: laptop.sessionId });
    const { items } = await list(`?kind=session&subject=${laptop.sessionId}`);
    expect(items).toEqual([
      {
        seq: expect.any(Number),
        kind: 'session',
        subject: laptop.sessionId,
        applicationId: 'account',
        minVersion: null,
        suspended: false,
        reason: 'stolen laptop',
        actor: `user:${admin.userId}`,
        createdAt: expect.any(String),
        expiresAt: expect.any(String),
      },
    ]);
    const life = (Date.parse(items[0].expiresAt) - Date.parse(items[0].createdAt)) / 1000;
    expect(life).toBeGreaterThanOrEqual(one.config.accessTokenTtl + 300);
    await one.advance(3 * 3_600);
    await admin.login();
    expect((await list(`?subject=${laptop.sessionId}`)).items).toEqual([]);
    expect((await list(`?kind=token&subject=${laptop.sessionId}`)).items).toEqual([]);
  });

  test('comes in pages, the newest first', async () => {
    for (let n = 0; n < 3; n++) await revoke({ kind: 'token', subject: uuidv7() });
    const { items: whole } = await list('?kind=token');
    const first = await list('?kind=token&limit=2');
    const second = await list(`?kind=token&limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items]).toEqual(whole.slice(0, first.items.length + second.items.length));
    expect(whole.map(({ seq }: { seq: number }) => seq)).toEqual(
      whole.map(({ seq }: { seq: number }) => seq).toSorted((a: number, b: number) => b - a),
    );
  });
});
