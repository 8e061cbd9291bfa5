// npm run migration:*: works on what is built. A development checkout is built first, so that a migration just written
// is seen; where development dependencies are not installed (production), `dist` is taken as it is.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const command = new URL('dist/src/database/migrate.command.js', root);

/** The compiler, where the development dependencies are installed. (TypeScript alone comes with another dependency.) */
function findCompiler() {
  if (!existsSync(new URL('src', root))) return undefined;
  const require = createRequire(import.meta.url);
  try {
    require.resolve('@types/pg/package.json');
    return require.resolve('typescript/bin/tsc');
  } catch {
    return undefined;
  }
}

process.chdir(fileURLToPath(root));
const compiler = findCompiler();
if (compiler) {
  const { status } = spawnSync(process.execPath, [compiler, '-b'], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
if (!existsSync(command)) {
  console.error('Nothing is built here. Run: npm ci && npm run build');
  process.exit(1);
}
await import(command.href);
