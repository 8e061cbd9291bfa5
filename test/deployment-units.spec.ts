import { describeVariables, loadConfig } from '../src/config.js';
import { inProject, projectFile, readPage, sectionOf } from './docs-pages.js';
import { faultsOf, key, production } from './support/config-environment.js';

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

test('the page of operations has a command find what the unit of systemd gives the service', () => {
  const { text } = readPage('docs/operations.md');
  const [, block = ''] = /^( {2}export NODE_ENV=production(?:.*\n)+?) {2}node /m.exec(text) ?? [];
  const given = Object.fromEntries([...block.matchAll(/ ([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name!, value!]));
  const files = Object.entries(given).filter(([name]) => name.endsWith('_FILE'));
  expect(files.map(([name]) => name)).toEqual(Object.keys(inUnit).filter((name) => name.endsWith('_FILE')));
  for (const [name, path] of files) {
    const [, credential = ''] = /^%d\/(\w+)$/.exec(inUnit[name]!) ?? [];
    expect(unit).toContain(`\nLoadCredential=${credential}:${path}\n`);
  }
  const secrets = new Set(files.map(([name]) => name.replace('_FILE', '')));
  const needed = Object.entries(production).filter(([name]) => secrets.has(name));
  const plain = Object.entries(given).filter(([name]) => !name.endsWith('_FILE'));
  expect(loadConfig(Object.fromEntries([...needed, ...plain])).production).toBe(true);
});

test('the page of operations makes keys as the service wants them, and has all that was built copied', () => {
  const install = sectionOf(readPage('docs/operations.md'), '## Install');
  const made = /^echo "(.+)" # REFRESH_TOKEN_KEYS$/m.exec(install)?.[1]?.replace('$(openssl rand -base64 32)', key());
  expect(faultsOf({ ...production, REFRESH_TOKEN_KEYS: made })).toEqual([]);
  const built = [...projectFile('Dockerfile').matchAll(/^COPY --from=build \/portcullis\/(\S+)/gm)].map(
    ([, path]) => path!,
  );
  const folders = new Set(built.map((path) => `\`${path.replace(/^packages\/\w+/, 'packages/*')}\``));
  expect(folders.size).toBe(3);
  for (const folder of folders) expect(install).toContain(folder);
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
  expect(unit).toMatch(/^ExecStart=\S+node \S+ dist\/src\/main\.js$/m);
  for (const [, file] of manifest.matchAll(/command: \[node, ([^,]+),/g)) expect(inProject(file!)).toBe(true);
});
