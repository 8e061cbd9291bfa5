import { Device } from './support/device.js';
import { startService, type Service } from './support/service.js';

/** Ending another device, ending all others, deleting the account. */
const sensitive = (victim: Device): [string, string][] => [
  [`/v1/sessions/${victim.sessionId}`, 'DELETE'],
  ['/v1/sessions?except=current', 'DELETE'],
  ['/v1/users/me', 'DELETE'],
];

async function tryAll(device: Device, victim: Device) {
  const answers = [];
  for (const [path, method] of sensitive(victim)) answers.push(await device.send(path, { method }));
  return answers;
}

let service: Service;

describe.each([
  ['an hour, when nothing is set', {}, 3_600],
  ['what RECENT_AUTH_MAX_AGE says', { RECENT_AUTH_MAX_AGE: '5m' }, 300],
])(
  'Ending other devices and deleting the account need a proof within %s',
  (_what, env: Record<string, string>, maxAge) => {
    beforeAll(async () => {
      service = await startService({ env });
    });
    afterAll(() => service.stop());

    test('who proved it longer ago is asked again, and nothing has ended', async () => {
      const device = await Device.register(service);
      const victim = await device.another();
      await service.advance(maxAge + 1);
      await device.refresh();
      for (const answer of await tryAll(device, victim)) {
        expect(answer).toMatchObject({ status: 401, code: 'reauthentication_required', body: { maxAge } });
        expect(answer.headers.get('www-authenticate')).toContain(`max_age="${maxAge}"`);
      }
      expect((await victim.refresh()).status).toBe(200);
    });

    test('who proved it lately may, also after a new proof', async () => {
      const device = await Device.register(service);
      const victim = await device.another();
      await service.advance(maxAge + 1);
      await device.refresh();
      await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: device.password } }));
      await service.advance(maxAge - 10);
      await device.refresh();
      expect((await tryAll(device, victim)).map(({ status }) => status)).toEqual([204, 204, 204]);
    });

    test('the API reference tells how long', async () => {
      const { paths } = (await (await fetch(`${service.url}/openapi.json`)).json()) as any;
      for (const path of ['/v1/sessions/{id}', '/v1/sessions', '/v1/users/me'])
        expect(paths[path].delete['x-recent-authentication']).toBe(maxAge);
      const page = await (await fetch(`${service.url}/docs`)).text();
      expect(page).toContain(`signed in within ${maxAge / 60} minutes`);
    });
  },
);
