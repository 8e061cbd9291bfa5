import { jest } from '@jest/globals';
import { ApplicationsRepository } from '../src/applications/applications.repository.js';
import { addApplication, applicationsOf, registerAt } from './support/applications.js';
import { newEmail, PASSWORD, send } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;
let other: Service;

beforeAll(async () => {
  service = await startService();
  other = await startService({ besides: service });
});
afterAll(async () => {
  await other.stop();
  await service.stop();
});

test('people can sign in to an application as soon as it is made, at an instance that has just looked too', async () => {
  for (const id of ['shop', 'forum']) {
    await applicationsOf(service).load();
    await addApplication(other, { id });
    expect((await registerAt(service, id)).accessToken).toBeTruthy();
  }
});

test('however many ids are tried that there are not, no more than one look at the table in a second', async () => {
  const repository = service.app.get(ApplicationsRepository, { strict: false });
  const looks = jest.spyOn(repository, 'list');
  const from = performance.now();
  for (let round = 0; round < 2; round++) {
    const tries = Array.from({ length: 20 }, (_, n) =>
      send(service, '/v1/auth/register', {
        body: { email: newEmail(), password: PASSWORD, delivery: 'body', applicationId: `nobody-${n}` },
      }),
    );
    expect((await Promise.all(tries)).map(({ code }) => code)).toEqual(Array(20).fill('validation_failed'));
  }
  const seconds = (performance.now() - from) / 1000;
  // One by itself every ten seconds besides, and one at either end.
  expect(looks.mock.calls.length).toBeLessThanOrEqual(Math.ceil(seconds * 1.1) + 2);
  looks.mockRestore();
});
