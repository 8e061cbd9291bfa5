import { ConfigError } from '../config.js';
import type { DatabaseSettings } from '../config.js';
import { openStore } from './development.js';
import { createMigration } from './migration-template.js';
import { applyMigrations, findDrift, listMigrations, revertLastMigration, withDataSource } from './migrator.js';
import { SetUpError } from './set-up-error.js';

/** Does its work and returns the exit code. */
type Command = (settings: DatabaseSettings) => Promise<number>;

const commands: Record<string, Command> = { run, revert, show, drift };

async function run(settings: DatabaseSettings): Promise<number> {
  const applied = await applyMigrations(settings);
  for (const name of applied) console.log(`applied ${name}`);
  if (applied.length === 0) console.log('Nothing to do: every migration is applied.');
  return 0;
}

async function revert(settings: DatabaseSettings): Promise<number> {
  const name = await revertLastMigration(settings);
  console.log(name === undefined ? 'Nothing to do: no migration is applied.' : `reverted ${name}`);
  return 0;
}

async function show(settings: DatabaseSettings): Promise<number> {
  const migrations = await withDataSource(settings, {}, (dataSource) => listMigrations(dataSource));
  for (const { name, applied } of migrations) console.log(`${applied ? '[X]' : '[ ]'} ${name}`);
  return 0;
}

async function drift(settings: DatabaseSettings): Promise<number> {
  const migrations = await withDataSource(settings, {}, (dataSource) => listMigrations(dataSource));
  const pending = migrations.filter(({ applied }) => !applied);
  if (pending.length > 0) {
    console.error(
      `Apply pending migrations first (npm run migration:run): ${pending.map(({ name }) => name).join(', ')}`,
    );
    return 1;
  }
  const statements = await findDrift(settings);
  if (statements.length === 0) {
    console.log('No drift: the tables are what the entities say.');
    return 0;
  }
  console.error('The tables differ from the entities. These statements would make them equal:');
  for (const statement of statements) console.error(`${statement};`);
  return 1;
}

async function main([name = '', ...words]: string[]): Promise<number> {
  if (name === 'create') {
    console.log(`wrote ${await createMigration('migrations', words.join(' '), Date.now())}`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) throw new SetUpError('Say what to do: run, revert, show, drift, or create NAME.');
  const { value: settings, close } = await openStore(process.env);
  try {
    return await command(settings);
  } finally {
    await close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const explained = error instanceof ConfigError || error instanceof SetUpError;
  console.error(explained ? error.message : error);
  process.exitCode = 1;
}
