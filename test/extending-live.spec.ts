import { PresenceModule } from '../examples/presence/presence.module.js';
import { Device } from './support/device.js';
import { openSocket, refusedSocket } from './support/live-socket.js';
import { changeAccount } from './support/operator.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ extras: { imports: [PresenceModule] } });
});
afterAll(() => service.stop());

const join = ({ accessToken }: Device) => openSocket(service, '/v1/presence', { token: accessToken });

test('whoever connects is seen by all, until the session ends', async () => {
  expect(await refusedSocket(service, '/v1/presence')).toMatchObject({ status: 401, code: 'token_missing' });
  const [ada, eve] = [await Device.register(service), await Device.register(service)];
  const page = await join(ada);
  const other = await join(eve);
  await poll(() => page.received.length === 2);
  expect(page.received[1]).toEqual({ event: 'present', data: [ada.userId, eve.userId] });
  await eve.send('/v1/auth/logout', { method: 'POST' });
  expect(await other.end()).toBe('4401 session_ended');
  await poll(() => page.received.length === 3);
  expect(page.received[2]).toEqual({ event: 'present', data: [ada.userId] });
  page.socket.send('{"event":"leave"}');
  expect(await page.end()).toBe('1005');
});

test('a message is checked as a body is, and needs its role', async () => {
  const ada = await Device.register(service);
  const refused = await join(ada);
  await poll(() => refused.received.length === 1);
  expect(await refused.ask('announce', { text: 'Closing' })).toMatchObject({ event: 'problem', data: { status: 403 } });
  refused.socket.close();

  await changeAccount(service, ada.userId, { roles: ['librarian'] });
  await ada.refresh();
  const page = await join(ada);
  await poll(() => page.received.length === 1);
  expect(await page.ask('announce', { text: '' })).toMatchObject({
    event: 'problem',
    data: { code: 'validation_failed', errors: [{ pointer: '/text', detail: 'Write at least one character.' }] },
  });
  expect(await page.ask('announce', { text: 'Closing' })).toEqual({
    event: 'announcement',
    data: { text: 'Closing', by: ada.userId },
  });
  page.socket.close();
});
