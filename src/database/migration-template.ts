import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a new migration into a folder, named by its time. Returns the path of the file. */
export async function createMigration(folder: string, words: string, now: number): Promise<string> {
  const parts = words.match(/[A-Za-z0-9]+/g)?.map((part) => part.toLowerCase()) ?? [];
  if (parts.length === 0 || /^\d/.test(parts[0]!)) {
    throw new Error(
      'A migration needs a name that says what it does, such as: npm run migration:create add-user-locale',
    );
  }
  const className = parts.map((part) => part[0]!.toUpperCase() + part.slice(1)).join('') + now;
  const path = join(folder, `${now}-${parts.join('-')}.ts`);
  await writeFile(path, template(className), { flag: 'wx' });
  return path;
}

function template(className: string): string {
  return `import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Why this is needed, and when the rows it makes go away again. */
export class ${className} implements MigrationInterface {
  // For an index on a table in use: \`transaction = false;\` here, and below SET lock_timeout = 0 (it waits for every older
  // transaction, and nobody waits behind it), unless it is there and indisvalid DROP INDEX CONCURRENTLY IF EXISTS (what an
  // interrupted try left) and CREATE INDEX CONCURRENTLY, and RESET lock_timeout whatever happens.

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(\`
    \`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(\`
    \`);
  }
}
`;
}
