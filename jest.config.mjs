/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/packages', '<rootDir>/web/src'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  moduleNameMapper: {
    '^@portcullis/verifier$': '<rootDir>/packages/verifier/src/index.ts',
    '^@portcullis/verifier/(express|fastify|nest)$': '<rootDir>/packages/verifier/src/$1.ts',
    '^@portcullis/client$': '<rootDir>/packages/client/src/index.ts',
    // A process is started from a compiled program, of which there is one in a test run.
    '^\\./hashing-worker-path\\.js$': '<rootDir>/test/support/hashing-worker-path.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  maxWorkers: 2,
  // Node lets go of no module that a spec has loaded: after a hundred specs a worker had 4.5 GB, and was ten times as slow.
  workerIdleMemoryLimit: '1GB',
  // A stuck test is to end; how quick things are, no test says, and the machine may have other work.
  testTimeout: 60_000,
};
