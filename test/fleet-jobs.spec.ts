import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { CronExpression, SchedulerRegistry } from '@nestjs/schedule';
import { readdir, readFile } from 'node:fs/promises';
import { AuditPurgeJob } from '../src/audit/audit-purge.job.js';
import { Metrics } from '../src/common/metrics/metrics.js';
import { FleetJobs } from '../src/database/fleet-jobs.js';
import { RateLimitsPurgeJob } from '../src/limits/rate-limits-purge.job.js';
import { InstancesPurgeJob } from '../src/revocation/instances-purge.job.js';
import { RevocationsPurgeJob } from '../src/revocation/revocations-purge.job.js';
import { SessionsPurgeJob } from '../src/sessions/sessions-purge.job.js';
import { readPage, sectionOf, tableRows } from './docs-pages.js';
import { Device } from './support/device.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let one: Service;
let two: Service;
const lines: string[] = [];

beforeAll(async () => {
  const options = { env: { DATABASE_POOL_SIZE: '2' }, onLog: (line: string) => void lines.push(line) };
  one = await startService(options);
  two = await startService({ besides: one, ...options });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

/** The purges, by the table they purge. */
const PURGES = {
  revocations: RevocationsPurgeJob,
  sessions: SessionsPurgeJob,
  audit_events: AuditPurgeJob,
  rate_limits: RateLimitsPurgeJob,
  instances: InstancesPurgeJob,
};

/** What each instance does for itself, as the page of operations says it. */
const OWN = {
  'RevocationsSweepJob.run': 'sweeps its deny-list, and notes the life of its tokens',
  'FeedHistory.sweep': 'forgets what it had to tell followers of the feed late',
  'LastActivityService.write': 'writes when sessions were last used',
  'KeysService.load': 'reads the signing keys, and makes or rotates them when it is time',
  'KeysService.retry': '… as long as it has none to sign with',
  'ApplicationsService.refresh': 'reads the applications',
  'LiveConnections.closeStale': 'closes WebSockets if its deny-list is stale',
  'LiveConnections.pingAll': 'pings WebSockets, and closes those that did not answer the last time',
};

/** What follows the log has a schedule of its own: see look-schedule.spec.ts and revocation-compare.spec.ts. */
const BY_OTHER_MEANS = {
  'looks at the log of revocations, whether hints come or not': 'every second',
  'compares its whole deny-list with the table': 'every minute',
};

/** How often, in words. */
const EVERY: Record<string | number, string> = {
  [CronExpression.EVERY_MINUTE]: 'every minute',
  [CronExpression.EVERY_10_MINUTES]: 'every ten minutes',
  [CronExpression.EVERY_HOUR]: 'every hour',
  1_000: 'every second',
  10_000: 'every ten seconds',
  25_000: 'every 25 seconds',
  60_000: 'every minute',
};

/** What is scheduled in the running service, as `Class.method`, and how often. */
function scheduled({ app }: Service): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {};
  for (const { instance } of app.get(DiscoveryService, { strict: false }).getProviders()) {
    const prototype: object | null = instance && Object.getPrototypeOf(instance);
    for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
      const method = (prototype as Record<string, object>)[name]!;
      const cron = Reflect.getMetadata('SCHEDULE_CRON_OPTIONS', method) as { cronTime: string } | undefined;
      const interval = Reflect.getMetadata('SCHEDULE_INTERVAL_OPTIONS', method) as { timeout: number } | undefined;
      const often = cron?.cronTime ?? interval?.timeout;
      if (often !== undefined) found[`${prototype!.constructor.name}.${name}`] = EVERY[often];
    }
  }
  return found;
}

/** What the log says of rows that were purged. */
const purged = () =>
  lines
    .filter((line) => line.includes('Purged '))
    .map((line) => JSON.parse(line))
    .map(({ msg, rows }) => `${msg} ${rows}`);

const jobsOf = ({ app }: Service) => app.get(FleetJobs, { strict: false });

/** Begins a job that goes on until it is told to end, by the test or by its signal. */
async function begin(service: Service) {
  let end = (): void => undefined;
  let begun = false;
  const ended = jobsOf(service).run('sessions purge', (signal) => {
    begun = true;
    return new Promise<string>((resolve) => {
      end = () => resolve('ended');
      signal.addEventListener('abort', () => resolve('stopped'));
    });
  });
  await poll(() => begun);
  return { end: () => end(), ended };
}

/** Connections that hold a lock of a job. */
const holders = () =>
  one.db.query<{ pid: number; state: string; backend_xmin: string | null }>(
    `select pid, state, backend_xmin from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and datname = current_database() and application_name = 'portcullis-jobs'`,
  );

/** A row for each of the purges. */
async function leaveWork(): Promise<void> {
  const dead = await Device.register(one);
  await one.db.query(`update sessions set ended_at = now() - interval '100 days', end_reason = 'test' where id = $1`, [
    dead.sessionId,
  ]);
  await one.db.query(
    `with head as (update revocation_head set seq = seq + 1 returning seq)
     insert into revocations (seq, id, kind, subject, suspended, created_at, expires_at)
     select seq, gen_random_uuid(), 'session', gen_random_uuid(), false, now(), now() - interval '1 hour' from head`,
  );
  await one.db.query(
    `insert into instances (id, name, version, refresh_keys, started_at, seen_at)
     values (gen_random_uuid(), 'killed/1', '1', '[]', now(), now() - interval '2 hours')`,
  );
  await one.db.query(
    `insert into audit_events (type, actor, details, created_at) values ('test', 'test', '{}', now() - interval '9 years')`,
  );
  await one.db.query(`insert into rate_limits (key, points, expire) values ('test', 1, 1)`);
}

async function workLeft(): Promise<number> {
  const [row] = await one.db.query<{ left: string }>(
    `select (select count(*) from sessions where ended_at < now() - interval '50 days')
          + (select count(*) from revocations where expires_at < now())
          + (select count(*) from audit_events where created_at < now() - interval '8 years')
          + (select count(*) from rate_limits where expire = 1)
          + (select count(*) from instances where seen_at < now() - interval '1 hour') as left`,
  );
  return Number(row?.left);
}

test('whatever is scheduled is done once in the fleet, but for what each instance does for itself', async () => {
  const names = await readdir('src', { recursive: true });
  const scheduled = names
    .filter((name) => /(?<!spec)\.ts$/.test(name))
    .map(async (name) => {
      const source = await readFile(`src/${name}`, 'utf8');
      return /^ *@(?:Cron|Interval|Timeout)\(/m.test(source) && !/\bjobs\s*\.run\(/.test(source) ? [name] : [];
    });
  expect((await Promise.all(scheduled)).flat().toSorted()).toEqual([
    // What it knows of applications, its open connections, its repairs of the feed, its keys in memory, its deny-list in
    // memory, what it noted of uses.
    'applications/applications.service.ts',
    'auth/live/live-connections.ts',
    'feed/feed-history.service.ts',
    'keys/keys.service.ts',
    'revocation/revocations-sweep.job.ts',
    'sessions/last-activity.service.ts',
  ]);
});

test('what is scheduled, and how often, is what the page of operations says', () => {
  const jobs = scheduled(one);
  const section = sectionOf(readPage('docs/operations.md'), '## What grows, and what does not');
  const [tables, forItself] = section.split('\n| what each instance does for itself');

  const purgedEvery = tableRows(tables!).map(([table = '', , often]) => [table.replaceAll('`', ''), often]);
  const purges = Object.entries(PURGES).map(([table, job]) => [table, jobs[`${job.name}.run`]]);
  expect(purgedEvery.filter(([, often]) => often !== '–').toSorted()).toEqual(purges.toSorted());

  const own = Object.entries(OWN).map(([job, does]) => [does, jobs[job]]);
  expect(tableRows(`|${forItself}`).toSorted()).toEqual([...own, ...Object.entries(BY_OTHER_MEANS)].toSorted());

  expect(Object.keys(jobs)).toHaveLength(purges.length + own.length);
  const registry = one.app.get(SchedulerRegistry, { strict: false });
  expect(registry.getCronJobs().size + registry.getIntervals().length).toBe(Object.keys(jobs).length);
});

test('one instance at a time is at a job; the others find it taken, also twice in one', async () => {
  const job = await begin(one);
  const never = () => Promise.reject(new Error('two are at it'));
  expect(await jobsOf(two).run('sessions purge', never)).toBeNull();
  expect(await jobsOf(one).run('sessions purge', never)).toBeNull();
  expect(await jobsOf(two).run('deny-list purge', async () => 'another job')).toBe('another job');
  job.end();
  expect(await job.ended).toBe('ended');
  expect(await jobsOf(two).run('sessions purge', async () => 'mine')).toBe('mine');
});

test('every purge waits for its turn in the fleet, and then leaves nothing', async () => {
  await leaveWork();
  const jobs = ({ app }: Service) => Object.values(PURGES).map((job) => app.get(job, { strict: false }).run());
  const locks = await one.db.query<{ got: boolean }>(
    'select pg_try_advisory_lock(id) as got from unnest(array[7203002, 7203003, 7203006, 7203007, 7203008]) as id',
  );
  expect(locks.every(({ got }) => got)).toBe(true);
  await Promise.all([...jobs(one), ...jobs(two)]);
  expect(await workLeft()).toBe(5);
  expect(purged()).toEqual([]);
  await poll(async () => {
    const freed = await one.db.query<{ freed: boolean }>(
      'select pg_advisory_unlock(id) as freed from unnest(array[7203002, 7203003, 7203006, 7203007, 7203008]) as id',
    );
    return freed.every(({ freed }) => freed);
  });
  await Promise.all([...jobs(one), ...jobs(two)]);
  expect(await workLeft()).toBe(0);
  // By one of the two each.
  expect(purged().toSorted()).toEqual([
    'Purged counts of attempts. 1',
    'Purged dead sessions. 1',
    'Purged rows of instances. 1',
    'Purged the audit. 1',
    'Purged the deny-list. 1',
  ]);
  const metrics = await Promise.all([one, two].map(({ app }) => app.get(Metrics, { strict: false }).text()));
  for (const table of Object.keys(PURGES)) {
    const counts = metrics.map((text) => text.match(`portcullis_purged_rows_total{table="${table}"} (\\d+)`)?.[1]);
    expect([table, ...counts.toSorted()]).toEqual([table, '0', '1']);
  }
});

test('a lock belongs to an open transaction, which holds back no vacuum: it ends with its connection, and tells the job', async () => {
  const job = await begin(one);
  const [holder, ...others] = await holders();
  expect(others).toEqual([]);
  expect(holder).toMatchObject({ state: 'idle in transaction', backend_xmin: null });
  await one.db.query('select pg_terminate_backend($1)', [holder!.pid]);
  expect(await job.ended).toBe('stopped');
  await poll(async () => (await jobsOf(two).run('sessions purge', async () => true)) === true);
});

test('a job that fails frees its lock', async () => {
  const failing = jobsOf(one).run('sessions purge', () => Promise.reject(new Error('the job failed')));
  await expect(failing).rejects.toThrow('the job failed');
  expect(await jobsOf(two).run('sessions purge', async () => 'mine')).toBe('mine');
});

test('an instance that stops ends its jobs first, and begins none', async () => {
  const three = await startService({ besides: one });
  const job = await begin(three);
  await three.stop();
  expect(await job.ended).toBe('stopped');
  expect(await holders()).toEqual([]);
  expect(await jobsOf(three).run('sessions purge', async () => 'mine')).toBeNull();
});

test('a session is used and refreshed while a purge goes on, with no more connections than two', async () => {
  const device = await Device.register(one);
  await one.db.query(
    `insert into sessions select (jsonb_populate_record(s, jsonb_build_object(
         'id', gen_random_uuid(), 'ended_at', now() - interval '100 days', 'end_reason', 'test'))).*
       from sessions s, generate_series(1, 3000) where s.id = $1`,
    [device.sessionId],
  );
  const purging = one.app.get(SessionsPurgeJob).run();
  let over = false;
  void purging.finally(() => (over = true));
  let refreshed = 0;
  while (!over) {
    expect((await device.refresh()).status).toBe(200);
    refreshed++;
  }
  expect(refreshed).toBeGreaterThan(3);
  expect(await workLeft()).toBe(0);
  expect((await device.refresh()).status).toBe(200);
});
