import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeBlocks, inProject, projectFile } from './docs-pages.js';
import { Device } from './support/device.js';
import { newBackend } from './support/feed.js';
import { PUBLIC_URL, startService } from './support/service.js';

const root = join(import.meta.dirname, '..');

/** What npm made of a package. */
interface Packed {
  name: string;
  filename: string;
  files: { path: string }[];
}

/** An empty project, but for what a test puts into it; and the packages, as their pages say to make them, beside it. */
let project: string;
let packages: Packed[];

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-packages-'));
  project = join(folder, 'shop');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }');
  const [command = ''] = /^npm pack .+$/m.exec(projectFile('packages/verifier/README.md')) ?? [];
  const [, ...words] = command.split(' ');
  packages = JSON.parse(npm(root, ...words.map((word) => (word === '..' ? folder : word)), '--json'));
});
afterAll(() => rm(join(project, '..'), { recursive: true }));

function npm(cwd: string, ...words: string[]): string {
  return execFileSync('npm', [...words, '--loglevel=error'], { cwd, encoding: 'utf8' });
}

/** Installs a package by the command of its page, from nowhere but the file. */
function install(folder: string): void {
  const [command = ''] = /^npm install .+$/m.exec(projectFile(`packages/${folder}/README.md`)) ?? [];
  npm(project, ...command.split(' ').slice(1), '--offline', '--no-audit', '--no-fund');
}

/** As a strict project does. Throws what is wrong. */
function compile(...words: string[]): void {
  const options = '--strict --target es2023 --module nodenext --jsx react-jsx --types node --typeRoots'.split(' ');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const [typeRoot, encoding] = [join(root, 'node_modules/@types'), 'utf8'] as const;
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, typeRoot, ...words], {
    cwd: project,
    encoding,
  });
  if (status !== 0) throw new Error(stdout);
}

function exportedBy(manifest: { exports: Record<string, string | Record<string, string>> }): string[] {
  return Object.values(manifest.exports).flatMap((one) => (typeof one === 'string' ? [one] : Object.values(one)));
}

test.each(['verifier', 'client'])(
  'the package %s has its code, types, sources, page and licence, nothing else, and depends on nothing',
  (folder) => {
    const manifest = JSON.parse(projectFile(`packages/${folder}/package.json`));
    const paths = packages.find(({ name }) => name === manifest.name)!.files.map(({ path }) => path);
    const exported = exportedBy(manifest);
    expect(exported.length).toBeGreaterThan(4);
    for (const path of exported) expect(paths).toContain(path.replace('./', ''));
    expect(paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'package.json']));
    const known = /^(dist\/.+\.(js|d\.ts)(\.map)?|src\/.+\.(tsx?|css)|README\.md|LICENSE|package\.json)$/;
    expect(paths.filter((path) => !known.test(path) || path.includes('.spec.'))).toEqual([]);
    // What is left in dist of a source that has gone is not to be shipped.
    const sources = paths
      .filter((path) => path.startsWith('dist/'))
      .map((path) => path.replace(/^dist/, 'src').replace(/\.(js|d\.ts)(\.map)?$/, '.ts'));
    const inSource = (path: string) => inProject(`packages/${folder}/${path}`);
    expect(sources.filter((path) => !inSource(path) && !inSource(`${path}x`))).toEqual([]);
    expect(projectFile(`packages/${folder}/LICENSE`)).toBe(projectFile('LICENSE'));
    expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
    const optional = Object.keys(manifest.peerDependenciesMeta);
    expect(Object.keys(manifest.peerDependencies).filter((name) => !optional.includes(name))).toEqual([]);
  },
);

test('the client, installed into an empty project by the command of its page, is found there', () => {
  install('client');
  const code = `import { createClient } from '@portcullis/client'; console.log(typeof createClient);`;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(said.trim()).toBe('function');
});

test('the verifier, installed so, verifies a token, and its types are found', async () => {
  const service = await startService();
  const { secret } = await newBackend(service, 'account');
  const device = await Device.register(service);
  install('verifier');
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
  compile('shop.ts');
  const given = [PUBLIC_URL, `${service.url}/v1/revocations`, secret, device.accessToken];
  const said = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, ['shop.js', ...given], { cwd: project }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
  expect(said.trim()).toBe(`${device.userId} function`);
  await service.stop();
}, 60_000);

/** What the reader of each block of a page has already, in the order of the blocks. */
const GIVEN = {
  verifier: [
    '',
    `import { createVerifier, type VerifierOptions } from '@portcullis/verifier';
     declare const options: VerifierOptions;`,
    `declare const verifier: import('@portcullis/verifier').Verifier;
     declare const token: string;
     declare const socket: import('ws').WebSocket;`,
  ],
  client: [
    'declare const email: string, password: string;',
    'declare const SignIn: () => React.ReactNode, Devices: () => React.ReactNode;',
  ],
};

test('all TypeScript of their pages compiles in a strict project, as it is printed', async () => {
  install('client');
  install('verifier');
  // Of what such a project has besides: the types of Express, React and ws; and a bundler, which knows styles.
  await symlink(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
  await writeFile(join(project, 'styles.d.ts'), `declare module '*.css';`);
  const files: string[] = [];
  for (const [folder, given] of Object.entries(GIVEN)) {
    const blocks = codeBlocks(projectFile(`packages/${folder}/README.md`));
    const programs = blocks.filter(({ language }) => /^tsx?$/.test(language));
    expect(programs).toHaveLength(given.length);
    for (const [place, { language, code }] of programs.entries()) {
      files.push(`${folder}-${place}.${language}`);
      await writeFile(join(project, files.at(-1)!), `${code}\nexport {};\n${given[place]}`);
    }
  }
  expect(() => compile('--noEmit', 'styles.d.ts', ...files)).not.toThrow();
}, 60_000);
