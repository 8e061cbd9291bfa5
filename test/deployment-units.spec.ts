import { describeVariables, loadConfig } from '../src/config.js';
import { inProject, projectFile } from './docs-pages.js';
import { production } from './support/config-environment.js';

/** What deploy/ has for systemd and Kubernetes, against the project: neither can be run by these tests. */
const unit = projectFile('deploy/portcullis.service');
const manifest = projectFile('deploy/kubernetes.yaml');

/** The shutdown delay of production and the longest that a request may take, in seconds. */
const LONGEST_STOP = loadConfig(production).shutdownDelay + 30;

const variablesOf = (pairs: [string, string][]) => Object.fromEntries(pairs.filter(([name]) => name !== 'NODE_ENV'));

const inUnit = variablesOf(
  [...unit.matchAll(/^Environment=([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
);
const inManifest = variablesOf(
  [...manifest.matchAll(/name: ([A-Z_]+), value: '?([^'}]*?)'? }/g)].map(([, name, value]) => [name!, value!]),
);

test.each([
  ['systemd', inUnit],
  ['Kubernetes', inManifest],
])('%s: every variable exists, and production accepts what it says', (_, variables) => {
  const known = new Set(describeVariables().flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
  expect(Object.keys(variables).filter((name) => !known.has(name))).toEqual([]);
  const plain = Object.fromEntries(Object.entries(variables).filter(([name]) => !name.endsWith('_FILE')));
  expect(loadConfig({ ...production, ...plain }).production).toBe(true);
  const files = Object.keys(variables).filter((name) => name.endsWith('_FILE'));
  expect(files).toEqual(
    expect.arrayContaining(['DATABASE_URL_FILE', 'KEY_ENCRYPTION_KEY_FILE', 'REFRESH_TOKEN_KEYS_FILE']),
  );
});

test('both wait for longer than an instance takes to stop', () => {
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(LONGEST_STOP);
  expect(Number(/terminationGracePeriodSeconds: (\d+)/.exec(manifest)?.[1])).toBeGreaterThan(LONGEST_STOP);
});

test('the probes are routes of the service, and readiness is noticed before the shutdown delay is over', () => {
  expect([...manifest.matchAll(/path: (\S+),/g)].map(([, path]) => path)).toEqual(['/health/ready', '/health/live']);
  const readiness = /readinessProbe:[\s\S]*?periodSeconds: (\d+)\s+failureThreshold: (\d+)/.exec(manifest);
  expect(Number(readiness?.[1]) * Number(readiness?.[2])).toBeLessThan(LONGEST_STOP - 30);
});

test('what they start is there', () => {
  expect(unit).toMatch(/^ExecStart=\S+node dist\/src\/main\.js$/m);
  for (const [, file] of manifest.matchAll(/command: \[node, ([^,]+),/g)) expect(inProject(file!)).toBe(true);
});
