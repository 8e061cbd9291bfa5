import { setTimeout as sleep } from 'node:timers/promises';
import { claimsOf } from '../support/access-token.js';
import { Device, send } from '../support/device.js';
import { poll } from '../support/poll.js';
import { startFleet, type Fleet } from './support/fleet.js';
import type { Instance } from './support/instance.js';
import { STALENESS } from './support/settings.js';

/** One fault at a time, each with the one thing that must hold then: what the random plans find, named. */
let fleet: Fleet;
let one: Instance;
let two: Instance;

beforeAll(async () => {
  fleet = await startFleet();
  await fleet.settled(60);
  [one, two] = fleet.instances as [Instance, Instance];
}, 120_000);
afterAll(() => fleet?.stop());

/** As far as `Device` needs it. */
const register = (instance: Instance) => Device.register(instance as never);
const at = (instance: Instance) => instance as never;
const generationOf = (refreshToken: string) => Number(refreshToken.split('.')[2]);

/** What the guard says to a token, on a route that then refuses for want of a parameter: 400 is let in. */
const knock = ({ url }: Instance, token: string) =>
  send({ url }, '/v1/sessions', { method: 'DELETE', token }).then(({ status, code }) => `${status} ${code}`);

async function storedGeneration({ sessionId }: Device): Promise<number> {
  const sql = 'select generation::int from sessions where id = $1';
  const [row] = await fleet.postgres.query<{ generation: number }>(sql, [sessionId]);
  return row!.generation;
}

/** A refresh at the first instance, which is killed with kill -9 while the database is at it; `then` what befalls that. */
async function killDuringRefresh(device: Device, then: string): Promise<void> {
  await fleet.postgres.connected(async (client) => {
    await client.query('begin');
    await client.query('select 1 from sessions where id = $1 for update', [device.sessionId]);
    const answer = send(one, '/v1/auth/refresh', { body: { refreshToken: device.refreshToken } }).catch(() => 'none');
    const waiting = `from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'portcullis'`;
    await poll(async () => (await fleet.postgres.query(`select 1 ${waiting}`)).length === 1);
    await one.end('SIGKILL');
    expect(await answer).toBe('none');
    await fleet.postgres.query(then + waiting);
    await client.query('rollback');
  });
}

describe('an instance that is killed (kill -9) while it refreshes', () => {
  afterEach(async () => {
    await one.start();
    await fleet.settled(30);
  });

  test('before the commit: the old token works, as if nothing had been', async () => {
    const device = await register(one);
    await killDuringRefresh(device, 'select pg_terminate_backend(pid) ');
    expect(await storedGeneration(device)).toBe(1);
    const answer = await device.refresh(device.refreshToken, at(two));
    expect([answer.status, generationOf(answer.body.refreshToken)]).toEqual([200, 2]);
  });

  test('between the commit and the answer: the old token gets the one that was lost, within the grace', async () => {
    const device = await register(one);
    const old = device.refreshToken;
    await killDuringRefresh(device, 'select ');
    await poll(async () => (await storedGeneration(device)) === 2);
    const answers = [await device.refresh(old, at(two)), await device.refresh(old, at(two))];
    expect(answers.map(({ status, body }) => [status, generationOf(body.refreshToken)])).toEqual([
      [200, 2],
      [200, 2],
    ]);
    expect(await device.access(at(two))).toBeNull();
  });
});

describe('an instance that was frozen (SIGSTOP, SIGCONT) for longer than its deny-list may be old', () => {
  afterEach(async () => {
    fleet.ways[1]!.heal();
    await fleet.settled(30);
  });

  /** What is asked while it is frozen is the first that it does when it is back, before it has looked at anything. */
  async function askWhileFrozen(tokens: string[], lose: () => void): Promise<string[]> {
    // Connections are open and known, so that the questions wait in the frozen process.
    await Promise.all(tokens.map((token) => knock(two, token)));
    two.signal('SIGSTOP');
    lose();
    const answers = Promise.all(tokens.map((token) => knock(two, token)));
    await sleep(STALENESS * 1_000 + 500);
    two.signal('SIGCONT');
    return answers;
  }

  test('answers by what was revoked meanwhile, or 503, and never by what it knew before', async () => {
    const [gone, stays] = [await register(one), await register(one)];
    let revoked: Promise<unknown> = Promise.resolve();
    const answers = await askWhileFrozen([gone.accessToken, stays.accessToken], () => {
      revoked = gone.send('/v1/auth/logout', { method: 'POST' });
    });
    await revoked;
    expect(['401 session_ended', '503 revocation_unavailable']).toContain(answers[0]);
    expect(['400 validation_failed', '503 revocation_unavailable']).toContain(answers[1]);
    await fleet.settled(15);
    expect([await knock(two, gone.accessToken), await knock(two, stays.accessToken)]).toEqual([
      '401 session_ended',
      '400 validation_failed',
    ]);
  });

  test('answers 503 where it finds no database either', async () => {
    const device = await register(one);
    const answers = await askWhileFrozen([device.accessToken], () => fleet.ways[1]!.freeze());
    expect(answers).toEqual(['503 revocation_unavailable']);
  });
});

test('kill -9 of everything: what was revoked is refused by all when they are back, and nothing else is', async () => {
  const device = async (act: (one: Device) => Promise<{ status: number } | null>, code: string) => {
    const registered = await register(one);
    const token = registered.accessToken;
    expect((await act(registered))?.status).toBeLessThan(300);
    return { token, refreshToken: registered.refreshToken, code };
  };
  const operate = (path: string, method: string, body?: object) =>
    fleet.operator
      .act({ do: 'sign out everyone' }, 0, 0, { method, path, body }, { calls: [], rollbacks: [], faults: [] })
      .then((call) => call!.answer);
  const reason = 'a test';
  const revoked = [
    await device((it) => it.send('/v1/auth/logout', { method: 'POST' }), '401 session_ended'),
    await device((it) => it.send('/v1/auth/logout-all', { method: 'POST' }), '401 token_outdated'),
    await device(
      (it) => operate(`/users/${it.userId}`, 'PATCH', { status: 'suspended', reason }),
      '403 account_suspended',
    ),
    await device((it) => operate(`/users/${it.userId}`, 'PATCH', { roles: ['a'], reason }), '401 token_outdated'),
    await device(({ accessToken }) => {
      const { jti } = claimsOf(accessToken);
      return operate('/revocations', 'POST', { kind: 'token', subject: jti, reason });
    }, '401 token_revoked'),
  ];
  const kept = await register(two);

  await fleet.postgres.stop('immediate');
  await Promise.all(fleet.instances.map((instance) => instance.end('SIGKILL')));
  await fleet.postgres.start();
  await Promise.all(fleet.instances.map((instance) => instance.start()));
  await fleet.settled(60);

  for (const instance of fleet.instances) {
    expect(await Promise.all(revoked.map(({ token }) => knock(instance, token)))).toEqual(
      revoked.map(({ code }) => code),
    );
    expect(await kept.access(at(instance))).toBeNull();
  }
  const [ended] = revoked;
  const { code } = await send(two, '/v1/auth/refresh', { body: { refreshToken: ended!.refreshToken } });
  expect(code).toBe('session_ended');
  expect((await kept.refresh()).status).toBe(200);
}, 90_000);
