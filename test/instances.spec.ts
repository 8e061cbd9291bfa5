import { randomUUID } from 'node:crypto';
import { InstancesPurgeJob } from '../src/revocation/instances-purge.job.js';
import { InstanceHeartbeat } from '../src/revocation/instance-heartbeat.js';
import { InstancesService, type RunningInstance } from '../src/revocation/instances.service.js';
import { poll } from './support/poll.js';
import { catchUp, revoke, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let one: Service;

beforeAll(async () => {
  one = await startService();
});
afterAll(() => one.stop());

const heartbeatOf = (service: Service) => service.app.get(InstanceHeartbeat, { strict: false });
const list = () => one.app.get(InstancesService, { strict: false }).list();

async function find(service: Service): Promise<RunningInstance | undefined> {
  return (await list()).find(({ id }) => id === heartbeatOf(service).id);
}

test('every running instance is listed with how far it has read, and tells within a second or two when it read on', async () => {
  const two = await startService({ besides: one });
  await poll(async () => Boolean((await find(one))?.position && (await find(two))?.position));
  await revoke(one, { kind: 'session', subject: randomUUID() }, { kind: 'session', subject: randomUUID() });
  const [head] = await one.db.query<{ epoch: string; seq: string }>('select epoch, seq from revocation_head');
  for (const instance of [one, two]) {
    await poll(async () => (await find(instance))?.position?.seq === Number(head!.seq));
    expect((await find(instance))?.position).toMatchObject({ epoch: head!.epoch, confirmedAt: expect.any(Date) });
  }
  await two.stop();
});

test('what it says it has read it refuses', async () => {
  const two = await startService({ besides: one });
  const subject = randomUUID();
  await revoke(one, { kind: 'session', subject });
  const [head] = await one.db.query<{ seq: string }>('select seq from revocation_head');
  await poll(async () => (await find(two))?.position?.seq === Number(head!.seq));
  expect(syncOf(two).index.session.has(subject)).toBe(true);
  await two.stop();
});

test('a clean stop takes an instance off the list at once; one that was killed goes after half a minute, its row later', async () => {
  const two = await startService({ besides: one });
  await poll(async () => (await find(two)) !== undefined);
  const { id } = heartbeatOf(two);
  await two.stop();
  expect((await list()).map((each) => each.id)).not.toContain(id);

  await one.db.query(
    `insert into instances (id, name, version, refresh_keys, started_at, seen_at)
     values ($1, 'killed/1', '1', '[]', now(), now())`,
    [id],
  );
  expect((await list()).map(({ name }) => name)).toContain('killed/1');
  await one.advance(31);
  expect((await list()).map(({ name }) => name)).not.toContain('killed/1');
  const rows = () => one.db.query('select 1 from instances where id = $1', [id]);
  await one.app.get(InstancesPurgeJob, { strict: false }).run();
  expect(await rows()).toHaveLength(1);
  await one.advance(3_600);
  await one.app.get(InstancesPurgeJob, { strict: false }).run();
  expect(await rows()).toHaveLength(0);
});

test('an instance whose table is not there yet serves all the same', async () => {
  await one.db.query('alter table instances rename to instances_elsewhere');
  const two = await startService({ besides: one });
  await catchUp(two);
  expect(syncOf(two).isFresh()).toBe(true);
  await one.db.query('alter table instances_elsewhere rename to instances');
  await poll(async () => (await find(two)) !== undefined);
  await two.stop();
});
