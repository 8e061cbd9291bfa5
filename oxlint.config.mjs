/**
 * Which module may import which: each names what stands below it. Imports run one way; nothing reaches up.
 * A module is entered through its services and plain types, never through its repositories or entities.
 */
const BELOW = {
  common: [],
  config: ['common'],
  database: ['common', 'config'],
  audit: ['common', 'config', 'database'],
};
BELOW.limits = ['common', 'config', 'database'];
BELOW.revocation = [...BELOW.audit, 'audit'];
BELOW.applications = [...BELOW.revocation, 'limits'];
BELOW.keys = [...BELOW.revocation, 'revocation'];
BELOW.tokens = BELOW.feed = [...BELOW.keys, 'keys', 'applications'];
BELOW.users = [...BELOW.tokens, 'tokens'];
BELOW.sessions = [...BELOW.users, 'users'];
BELOW.auth = BELOW.oauth = [...BELOW.sessions, 'sessions', 'limits'];
BELOW.health = BELOW.pages = BELOW.admin = [...BELOW.auth, 'auth', 'oauth', 'feed'];
BELOW.cli = [...BELOW.admin, 'admin'];

const MODULES = Object.keys(BELOW);

/** Only they speak to TypeORM: SQL stands in repositories and migrations, and nowhere else. */
const TYPEORM_FILES = ['repository', 'entity', 'module'];

function forbidden(module, mayUseTypeorm) {
  const above = MODULES.filter((other) => other !== module && !BELOW[module].includes(other));
  return {
    paths: mayUseTypeorm
      ? []
      : ['typeorm', '@nestjs/typeorm'].map((name) => ({ name, message: 'SQL belongs in a *.repository.ts.' })),
    patterns: [
      ...(above.length > 0
        ? [{ group: above.map((other) => `**/${other}/*`), message: `${module} stands below these modules.` }]
        : []),
      {
        group: MODULES.flatMap((other) =>
          other === module ? [] : [`**/${other}/**/*.repository.js`, `**/${other}/**/*.entity.js`],
        ),
        message: 'Enter another module by its service.',
      },
    ],
  };
}

const overrides = MODULES.flatMap((module) => [
  { files: [`src/${module}/**/*.ts`], rules: { 'no-restricted-imports': ['error', forbidden(module, false)] } },
  {
    files: TYPEORM_FILES.map((role) => `src/${module}/**/*.${role}.ts`),
    rules: { 'no-restricted-imports': ['error', forbidden(module, true)] },
  },
]);

export default {
  plugins: ['typescript', 'unicorn', 'import', 'oxc', 'promise', 'node', 'jest'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  ignorePatterns: ['dist/**', 'packages/*/dist/**', 'examples/*/dist/**'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'off',
    'no-console': 'error',
    'no-warning-comments': 'error',
    'node/no-process-env': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'off',
    // A loop that waits for each step is what transactions and retries are.
    'no-await-in-loop': 'off',
    // Nest's classes are found by their decorators.
    'typescript/no-extraneous-class': 'off',
    'no-shadow': 'off',
    'promise/always-return': 'off',
    'promise/no-promise-in-callback': 'off',
    // Meant for windows; a BroadcastChannel has no target origin, and one listener.
    'unicorn/require-post-message-target-origin': 'off',
    'unicorn/prefer-add-event-listener': 'off',
    // What other callbacks change looks unmodified to it.
    'no-unmodified-loop-condition': 'off',
    'no-underscore-dangle': 'off',
    // `fc.assert` is how fast-check's own documentation writes it.
    'import/no-named-as-default-member': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'oxc/no-map-spread': 'off',
    'jest/expect-expect': 'off',
    'jest/no-conditional-expect': 'off',
    'jest/require-to-throw-message': 'off',
    'unicorn/no-array-sort': 'error',
    'import/no-unassigned-import': 'off',
    'jest/no-standalone-expect': 'off',
  },
  overrides: [
    ...overrides,
    {
      files: ['src/database/**/*.ts', 'migrations/*.ts'],
      rules: { 'no-restricted-imports': ['error', forbidden('database', true)] },
    },
    {
      files: [
        'src/main.ts',
        'src/cli/main.ts',
        'src/database/migrate.command.ts',
        'src/database/embedded-postgres.ts',
        'ormconfig.ts',
      ],
      rules: { 'node/no-process-env': 'off', 'no-console': 'off' },
    },
    {
      files: ['test/**', 'bench/**', 'examples/**/*.mjs', 'examples/nest-api/*.ts', '*.mjs'],
      rules: { 'no-console': 'off', 'node/no-process-env': 'off', 'typescript/no-explicit-any': 'off' },
    },
  ],
};
