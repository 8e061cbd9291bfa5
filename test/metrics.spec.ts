import { randomUUID } from 'node:crypto';
import { describeMetrics } from '../src/common/metrics/metric-catalogue.js';
import { MetricsServer } from '../src/health/metrics-server.js';
import { rateLimits } from '../src/limits/rate-limits.js';
import { readPage, sectionOf, tableRows } from './docs-pages.js';
import { guess } from './support/attempts.js';
import { Device, send } from './support/device.js';
import { catchUp, revoke } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { METRICS_PORT: '0' } });
});
afterAll(() => service.stop());

const serverOf = (of: Service) => of.app.get(MetricsServer, { strict: false });
const address = (path = '/metrics') => `http://127.0.0.1:${serverOf(service).port}${path}`;
const scrape = async () => (await fetch(address())).text();

/** The value of one series, such as `name{label="value"}`. */
async function valueOf(series: string): Promise<number> {
  const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
  if (!line) throw new Error(`There is no ${series}.`);
  return Number(line.slice(series.length + 1));
}

/** By how much each series grows while something happens. */
async function growth(series: string[], happening: () => Promise<unknown>): Promise<number[]> {
  const before = await Promise.all(series.map(valueOf));
  await happening();
  const after = await Promise.all(series.map(valueOf));
  return after.map((value, i) => value - before[i]!);
}

test('every metric of the page is there with its type and its values, and every metric is on the page', async () => {
  const text = await scrape();
  const told = tableRows(sectionOf(readPage('docs/operations.md'), '## Metrics'));
  expect(told).toEqual(
    describeMetrics().map(({ name, type, help, label }) => [
      `\`${name}\``,
      type,
      label && label.values.length < 10
        ? `\`${label.name}\`: ${label.values.join(', ')}`
        : ((label && `\`${label.name}\``) ?? ''),
      help,
    ]),
  );
  for (const { name, type, help, label } of describeMetrics()) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    const series = label ? label.values.map((value) => `${name}{${label.name}="${value}"}`) : [name];
    expect(series.filter((each) => !text.includes(`\n${each} `))).toEqual([]);
  }
  const served = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
  expect(served.toSorted()).toEqual(
    describeMetrics()
      .map(({ name }) => name)
      .toSorted(),
  );
});

test('an attempt that a limit refused is counted under that limit', async () => {
  const { email } = await Device.register(service);
  const series = 'portcullis_limits_reached_total{limit="sign_in.account_source"}';
  const { points } = rateLimits['sign_in.account_source'];
  expect(await growth([series], () => guess(service, email, 'unknown', points + 2))).toEqual([2]);
});

test('names are of Prometheus: counters end in _total, durations are in seconds', () => {
  for (const { name, type } of describeMetrics()) {
    expect(name).toMatch(/^portcullis_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|millis|minutes)\b/);
  }
});

test('sign-ins, refreshes by what they got, and errors by their code are counted', async () => {
  const verdict = (value: string) => `portcullis_refreshes_total{verdict="${value}"}`;
  const series = [
    'portcullis_sign_ins_total',
    verdict('rotate'),
    verdict('repeat'),
    verdict('invalid'),
    verdict('ended'),
    'portcullis_problems_total{code="refresh_token_invalid"}',
    'portcullis_problems_total{code="token_missing"}',
  ];
  const grown = await growth(series, async () => {
    const device = await Device.register(service);
    const first = device.refreshToken;
    await device.refresh();
    await device.refresh(first);
    await device.refresh('nonsense');
    await device.send('/v1/auth/logout', { method: 'POST' });
    await device.refresh();
    await send(service, '/v1/users/me');
  });
  expect(grown).toEqual([1, 1, 1, 1, 1, 1, 1]);
});

test('the deny-list tells its size, its age and its reads', async () => {
  const entries = 'portcullis_revocation_index_entries{kind="session"}';
  const reads = 'portcullis_revocation_reads_total{result="confirmed"}';
  const [more, read] = await growth([entries, reads], async () => {
    await revoke(service, { kind: 'session', subject: randomUUID() }, { kind: 'session', subject: randomUUID() });
    await catchUp(service);
  });
  expect(more).toBe(2);
  expect(read).toBeGreaterThan(0);
  expect(await valueOf('portcullis_revocation_staleness_seconds')).toBeLessThan(5);
  expect(await valueOf('portcullis_revocation_index_bytes')).toBeGreaterThan(0);
  expect(await valueOf('portcullis_revocation_listener_up')).toBe(1);
});

test('nothing of a person is in them', async () => {
  const device = await Device.register(service);
  await device.refresh('prt_nonsense');
  const text = await scrape();
  for (const secret of [device.email, device.userId, device.sessionId, device.accessToken, device.refreshToken]) {
    expect(text).not.toContain(secret);
  }
});

test('they are on their port only, and nothing else is', async () => {
  expect((await fetch(address('/metrics?x=1'))).headers.get('content-type')).toContain('text/plain');
  for (const path of ['/', '/v1/users/me', '/health/live']) expect((await fetch(address(path))).status).toBe(404);
  expect((await fetch(address(), { method: 'POST' })).status).toBe(405);
  expect((await send(service, '/metrics')).status).toBe(404);
});

test('two instances in one process count apart, and without METRICS_PORT nothing listens', async () => {
  const two = await startService({ besides: service });
  expect(serverOf(two).port).toBe(null);
  const [grown] = await growth(['portcullis_sign_ins_total'], () => Device.register(two));
  expect(grown).toBe(0);
  await two.stop();
});
