import { RevocationsService } from '../src/revocation/revocations.service.js';
import { Device } from './support/device.js';
import { holdLock } from './support/held-lock.js';
import { endAtOnce, endsOf, manyDevices } from './support/many-sessions.js';
import { poll } from './support/poll.js';
import { catchUp, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

let service: Service;
/** Its database can be taken away. */
let cut: Service;
let proxy: TcpProxy;
let owner: Device;

beforeAll(async () => {
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
  proxy = await startProxy(service.db.url);
  cut = await startService({ besides: service, env: { DATABASE_URL: proxy.url } });
  owner = await Device.register(service);
});
afterAll(async () => {
  await cut.stop();
  await proxy.close();
  await service.stop();
});

const DONE = { status: 'fulfilled', value: true };
const idsOf = (devices: Device[]) => devices.map(({ sessionId }) => sessionId).toSorted();
const holdHead = () => holdLock(service.db, 'select 1 from revocation_head for update');
const nothing = { rows: [], log: [], audit: [] };

/** Runs something in the transaction of each end, at its commit. */
async function atCommit(body: string): Promise<{ remove(): Promise<void> }> {
  await service.db.query(
    `create function at_commit() returns trigger language plpgsql as $$ begin ${body}; return null; end $$;
     create constraint trigger at_commit after insert on audit_events deferrable initially deferred
       for each row when (new.type = 'session.ended') execute function at_commit()`,
  );
  return {
    remove: async () => {
      await service.db.query('drop trigger at_commit on audit_events; drop function at_commit()');
    },
  };
}

test('one that the database refuses fails alone, and all others end', async () => {
  const devices = await manyDevices(owner, 12);
  const unlucky = devices[7]!;
  await service.db.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$;
     create trigger refuse before insert on audit_events for each row
       when (new.session_id = '${unlucky.sessionId}') execute function refuse()`,
  );
  const ends = await endAtOnce(service, devices);
  await service.db.query('drop trigger refuse on audit_events; drop function refuse()');
  expect(ends.map(({ status }) => status)).toEqual(
    devices.map((device) => (device === unlucky ? 'rejected' : 'fulfilled')),
  );
  const ended = idsOf(devices.filter((device) => device !== unlucky));
  expect(await endsOf(service, devices)).toEqual({ rows: ended, log: ended, audit: ended });
  expect(await unlucky.access()).toBeNull();
});

test('a connection that dies before the commit fails only who was alone on it: what shared it is done again, once', async () => {
  const [first, ...others] = (await manyDevices(owner, 10)) as [Device, ...Device[]];
  const lock = await holdHead();
  const ends = endAtOnce(service, [first, ...others]);
  await poll(async () => (await lock.waiting()) === 1);
  await lock.killWaiting();
  // The group of the others has taken its place.
  await poll(async () => (await lock.waiting()) === 1);
  await lock.killWaiting();
  await lock.release();
  expect((await ends).slice(1)).toEqual(others.map(() => DONE));
  expect((await ends)[0]).toMatchObject({ status: 'rejected' });
  const ended = idsOf(others);
  expect(await endsOf(service, [first, ...others])).toEqual({ rows: ended, log: ended, audit: ended });
});

describe('a commit that is not confirmed', () => {
  test('and did not take place: nobody is told success, nothing has ended', async () => {
    const devices = await manyDevices(owner, 10);
    const trigger = await atCommit('perform pg_terminate_backend(pg_backend_pid())');
    const ends = await endAtOnce(service, devices);
    await trigger.remove();
    expect(ends.map(({ status }) => status)).toEqual(devices.map(() => 'rejected'));
    expect(await endsOf(service, devices)).toEqual(nothing);
    expect(await Promise.all(devices.map((device) => device.access()))).toEqual(devices.map(() => null));
  });

  test('but took place: nobody is told success, nothing is done twice, and asked again all are signed out', async () => {
    const [first, ...others] = (await manyDevices(owner, 10)) as [Device, ...Device[]];
    const trigger = await atCommit(`
      if new.session_id <> '${first.sessionId}' then
        perform set_config('lock_timeout', '0', true), pg_advisory_xact_lock_shared(1843);
      end if`);
    const lock = await holdLock(service.db, 'select pg_advisory_xact_lock(1843)');
    const ends = endAtOnce(cut, [first, ...others]);
    await poll(async () => (await lock.waiting()) === 1);
    proxy.cut();
    proxy.heal();
    await lock.release();
    expect((await ends).map(({ status }) => status)).toEqual(['fulfilled', ...others.map(() => 'rejected')]);
    // What nobody heard of: the database has gone on with the commit.
    await poll(async () => (await endsOf(service, others)).rows.length === others.length);
    await trigger.remove();
    await catchUp(cut);

    const answers = await Promise.all(others.map((device) => device.send('/v1/auth/logout', { method: 'POST' }, cut)));
    expect(answers.map(({ status }) => status)).toEqual(others.map(() => 204));
    const ended = idsOf(others);
    expect(await endsOf(service, others)).toEqual({ rows: ended, log: ended, audit: ended });
  });
});

test('whoever holds the head of the log holds one connection up, however many ask, and nothing is claimed', async () => {
  const devices = await manyDevices(owner, 30);
  const lock = await holdHead();
  let most = 0;
  let over = false;
  const ends = endAtOnce(service, devices).finally(() => (over = true));
  await poll(async () => {
    most = Math.max(most, await lock.waiting());
    return over;
  });
  await lock.release();
  expect(most).toBe(1);
  expect((await ends).map(({ status }) => status)).toEqual(devices.map(() => 'rejected'));
  expect(await endsOf(service, devices)).toEqual(nothing);
  expect(await endAtOnce(service, devices)).toEqual(devices.map(() => DONE));
});

test('a change of another kind beside the ends is committed by itself, and in the order of the log', async () => {
  const devices = await manyDevices(owner, 20);
  const revocations = service.app.get(RevocationsService, { strict: false });
  const draft = { kind: 'token', subject: owner.sessionId, reason: 'test', actor: 'system' } as const;
  const others = devices.map(() => revocations.commit(async () => ({ result: 'done', revocations: [draft] })));
  expect(await endAtOnce(service, devices)).toEqual(devices.map(() => DONE));
  expect(await Promise.all(others)).toEqual(devices.map(() => 'done'));
  const log = await service.db.query<{ seq: string }>('select seq from revocations order by seq');
  expect(log.map(({ seq }) => Number(seq))).toEqual(log.map((_, place) => place + 1));
  expect(syncOf(service).index.size).toBeGreaterThanOrEqual(devices.length);
});
