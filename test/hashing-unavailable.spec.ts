import { jest } from '@jest/globals';

// Before the service is loaded, in the place where tests have the path: a program that is not there, as after an incomplete installation.
jest.unstable_mockModule('./support/hashing-worker-path.js', () => ({ HASHING_WORKER_PATH: '/nowhere/hashing.js' }));
const { newEmail, PASSWORD, send } = await import('./support/device.js');
const { startService } = await import('./support/service.js');

test('where passwords cannot be hashed, sign-in says 503, the log says why, and everything else works', async () => {
  const log: string[] = [];
  const service = await startService({ onLog: (line) => log.push(line) });
  const body = { email: newEmail(), password: PASSWORD, delivery: 'body' };
  for (const path of ['/v1/auth/login', '/v1/auth/register']) {
    const answer = await send(service, path, { body });
    expect(answer).toMatchObject({ status: 503, code: 'unavailable', body: { action: 'retry' } });
    expect(JSON.stringify(answer.body)).not.toContain('nowhere');
  }
  expect(log.join('\n')).toContain("Cannot find module '/nowhere/hashing.js'");
  expect((await send(service, '/.well-known/jwks.json')).status).toBe(200);
  await service.stop();
});
