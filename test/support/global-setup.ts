// Jest loads this file outside of its module system, which finds no other source file: hence no relative import.
import { transformFile, type Options } from '@swc/core';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the test server tells when it is ready. */
interface Ready {
  adminUrl: string;
  template: string;
}

declare global {
  /** Ends what the set-up began; for the tear-down. */
  var endTestRun: (() => Promise<void>) | undefined;
}

/** Starts one PostgreSQL for the whole run, in a process that stops it even if this one is killed. */
export default async function setUp(globalConfig: { rootDir: string }): Promise<void> {
  const compiled = await compileSources(globalConfig.rootDir);
  const server = fork(join(compiled, 'test', 'support', 'test-server.js'), { execArgv: ['--enable-source-maps'] });
  globalThis.endTestRun = async () => {
    await disconnect(server);
    await rm(compiled, { recursive: true, force: true });
  };
  const ready = await new Promise<Ready>((resolve, reject) => {
    server.once('message', (message) => resolve(message as Ready));
    server.once('exit', (code) => reject(new Error(`The test server ended with ${code}; see above.`)));
  }).catch(async (error: unknown) => {
    await globalThis.endTestRun?.();
    throw error;
  });
  // Workers are started after this, with the same environment.
  process.env.TEST_ADMIN_URL = ready.adminUrl;
  process.env.TEST_TEMPLATE = ready.template;
  process.env.TEST_COMPILED = compiled;
}

/** Tells the test server that nobody needs it any more, and waits until its database has gone. */
async function disconnect(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || !server.connected) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.disconnect();
  await ended;
}

/**
 * Compiles the service without checking types, under node_modules, so that packages are found from there and `dist`
 * is left alone. Returns the folder, laid out as the project is; it can be started from there, as from `dist`.
 */
async function compileSources(projectRoot: string): Promise<string> {
  const target = join(projectRoot, 'node_modules', '.cache', `portcullis-test-${process.pid}`);
  await rm(target, { recursive: true, force: true });
  for (const folder of ['src', 'migrations', 'test/support']) {
    await compileFolder(join(projectRoot, folder), join(target, folder));
  }
  await compile(join(projectRoot, 'ormconfig.ts'), join(target, 'ormconfig.ts'));
  await writePackage(target, 'portcullis-under-test', './src/main.js');
  const verifier = join(target, 'node_modules', '@portcullis', 'verifier');
  await compileFolder(join(projectRoot, 'packages', 'verifier', 'src'), verifier);
  await writePackage(verifier, '@portcullis/verifier', './index.js');
  return target;
}

async function compileFolder(source: string, target: string): Promise<void> {
  const names = await readdir(source, { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  await Promise.all(sources.map((name) => compile(join(source, name), join(target, name))));
}

async function writePackage(folder: string, name: string, exports: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, type: 'module', exports }));
}

async function compile(source: string, target: string): Promise<void> {
  const { code } = await transformFile(source, compilerOptions);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target.replace(/\.ts$/, '.js'), code);
}

const compilerOptions: Options = {
  swcrc: false,
  configFile: false,
  module: { type: 'es6' },
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};
