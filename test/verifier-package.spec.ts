import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProject, projectFile } from './docs-pages.js';
import { Device } from './support/device.js';
import { newBackend } from './support/feed.js';
import { PUBLIC_URL, startService } from './support/service.js';

const manifest = JSON.parse(projectFile('packages/verifier/package.json'));
const root = join(import.meta.dirname, '..');

/** An empty project, but for what a test puts into it. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'portcullis-project-'));
});
afterAll(() => rm(project, { recursive: true }));

function npm(cwd: string, ...words: string[]): string {
  return execFileSync('npm', [...words, '--loglevel=error'], { cwd, encoding: 'utf8' });
}

function pack(): { filename: string; files: { path: string }[] } {
  return JSON.parse(npm(join(root, 'packages/verifier'), 'pack', '--json', `--pack-destination=${project}`))[0];
}

test('the package has its code, types, sources, page and licence, nothing else, and depends on nothing', () => {
  const paths = pack().files.map(({ path }) => path);
  const exported = Object.values(manifest.exports as Record<string, Record<string, string>>).flatMap(Object.values);
  expect(exported.length).toBeGreaterThan(4);
  for (const path of exported) expect(paths).toContain(path.replace('./', ''));
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
  const known = /^(dist\/.+\.(js|d\.ts)(\.map)?|src\/.+\.ts|README\.md|LICENSE|package\.json)$/;
  expect(paths.filter((path) => !known.test(path) || path.includes('.spec.'))).toEqual([]);
  // What is left in dist of a source that has gone is not to be shipped.
  const sources = paths
    .filter((path) => path.startsWith('dist/'))
    .map((path) => path.replace(/^dist/, 'src').replace(/\.(js|d\.ts)(\.map)?$/, '.ts'));
  expect(sources.filter((path) => !inProject(`packages/verifier/${path}`))).toEqual([]);
  expect(projectFile('packages/verifier/LICENSE')).toBe(projectFile('LICENSE'));
  expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
  const optional = Object.keys(manifest.peerDependenciesMeta);
  expect(Object.keys(manifest.peerDependencies).filter((name) => !optional.includes(name))).toEqual([]);
});

test('installed into an empty project it verifies a token, and its types are found', async () => {
  const service = await startService();
  const { secret } = await newBackend(service, 'account');
  const device = await Device.register(service);
  await writeFile(join(project, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }');
  npm(project, 'install', '--offline', '--no-audit', '--no-fund', `./${pack().filename}`);
  const code = `
    import { createVerifier, type Principal } from '@portcullis/verifier';
    import { protect } from '@portcullis/verifier/express';
    const [issuer = '', feed = '', secret = '', token = ''] = process.argv.slice(2);
    const verifier = createVerifier({ issuer, audience: 'account', feed, credentials: { id: 'account', secret } });
    await verifier.ready();
    const principal: Principal = await verifier.verify(token);
    console.log(principal.userId, typeof protect(verifier, { roles: ['editor'] }));
    verifier.close();`;
  await writeFile(join(project, 'shop.ts'), code);
  const strict = ['--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
  const types = ['--typeRoots', join(root, 'node_modules/@types')];
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...strict, ...types, 'shop.ts'], {
    cwd: project,
    encoding: 'utf8',
  });
  const given = [PUBLIC_URL, `${service.url}/v1/revocations`, secret, device.accessToken];
  const said = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, ['shop.js', ...given], { cwd: project }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
  expect(said.trim()).toBe(`${device.userId} function`);
  await service.stop();
}, 60_000);
