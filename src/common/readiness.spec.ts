import { jest } from '@jest/globals';

import { Readiness } from './readiness.js';

test('an instance is ready when every check is', async () => {
  const readiness = new Readiness();
  readiness.add('database', async () => null);

  expect(await readiness.report()).toEqual({
    ready: true,
    checks: [
      { name: 'database', ok: true },
      { name: 'running', ok: true },
    ],
  });
});

test('a check that fails says why; one that throws tells nothing of its error', async () => {
  const readiness = new Readiness();
  readiness.add('migrations', () => '2 migrations are pending.');
  readiness.add('database', async () => {
    throw new Error('password authentication failed for user "portcullis"');
  });

  const { ready, checks } = await readiness.report();

  expect(ready).toBe(false);
  expect(checks).toContainEqual({ name: 'migrations', ok: false, detail: '2 migrations are pending.' });
  expect(checks).toContainEqual({ name: 'database', ok: false, detail: 'The check failed.' });
});

test('a check that hangs is given up after two seconds', async () => {
  jest.useFakeTimers();
  const readiness = new Readiness();
  readiness.add('database', () => new Promise(() => undefined));

  const report = readiness.report();
  await jest.advanceTimersByTimeAsync(2_000);
  jest.useRealTimers();

  expect((await report).checks).toContainEqual({ name: 'database', ok: false, detail: 'No answer within 2 seconds.' });
});

test('an instance that shuts down is not ready, whatever the checks say', async () => {
  const readiness = new Readiness();
  readiness.shutDown();

  expect((await readiness.report()).ready).toBe(false);
});

test('all who ask while the checks run share one run; who asks after it gets a new one', async () => {
  const readiness = new Readiness();
  let runs = 0;
  readiness.add('database', async () => {
    runs += 1;
    return null;
  });

  await Promise.all(Array.from({ length: 100 }, () => readiness.report()));
  expect(runs).toBe(1);
  await readiness.report();
  expect(runs).toBe(2);
});

test('an instance that begins to shut down while the checks run is not ready', async () => {
  const readiness = new Readiness();
  readiness.add('database', async () => null);

  const report = readiness.report();
  readiness.shutDown();

  expect((await report).ready).toBe(false);
});

test('two checks of one name are a fault of the program', () => {
  const readiness = new Readiness();
  readiness.add('database', () => null);

  expect(() => readiness.add('database', () => null)).toThrow('"database"');
});
