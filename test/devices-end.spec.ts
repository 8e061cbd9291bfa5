import { randomUUID } from 'node:crypto';
import { Device, PASSWORD, type Answer } from './support/device.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService({ env: { SESSIONS_PER_USER: '3' } });
});
afterAll(() => service.stop());

const end = (device: Device, id: string) => device.send(`/v1/sessions/${id}`, { method: 'DELETE' });
const rename = (device: Device, id: string, body: unknown) =>
  device.send(`/v1/sessions/${id}`, { method: 'PATCH', body });
const comparable = ({ status, body }: Answer) => ({ status, body: { ...body, requestId: null } });

describe('Naming a device', () => {
  test('shows at once, to every device of the person', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    const answer = await rename(device, other.sessionId, { name: '  Kitchen tablet ' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: other.sessionId, name: 'Kitchen tablet', current: false });
    expect((await other.send('/v1/sessions/current')).body.name).toBe('Kitchen tablet');
    expect((await other.refresh()).status).toBe(200);
  });

  test.each([
    ['nothing', {}, '/name'],
    ['null', { name: null }, '/name'],
    ['only spaces', { name: '  ' }, '/name'],
    ['61 characters', { name: 'x'.repeat(61) }, '/name'],
    ['two lines', { name: 'a\nb' }, '/name'],
    ['something else besides', { name: 'a', remembered: true }, '/remembered'],
  ])('by %s is refused: 400 that names the field, and the name stays', async (_what, body, pointer) => {
    const device = await Device.register(service, { deviceName: 'Phone' });
    const answer = await rename(device, device.sessionId, body);
    expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
    expect((await device.send('/v1/sessions/current')).body.name).toBe('Phone');
  });
});

describe("Another person's device is answered as one that does not exist", () => {
  const attempts: [string, (device: Device, id: string) => Promise<Answer>][] = [
    ['PATCH', (device, id) => rename(device, id, { name: 'Mine' })],
    ['DELETE', end],
  ];

  test.each(attempts)('%s: 404 with the very same body, and nothing changes', async (_method, attempt) => {
    const victim = await Device.register(service, { deviceName: 'Phone' });
    const mallory = await Device.register(service);
    const answers = [await attempt(mallory, victim.sessionId), await attempt(mallory, randomUUID())];
    expect(answers[0]).toMatchObject({ status: 404, code: 'not_found' });
    expect(comparable(answers[0]!)).toEqual(comparable(answers[1]!));
    expect((await victim.send('/v1/sessions/current')).body.name).toBe('Phone');
    expect((await victim.refresh()).status).toBe(200);
  });

  test.each(attempts)('%s: so is one that has ended, and what is no id', async (_method, attempt) => {
    const device = await Device.register(service);
    const other = await device.another();
    await end(device, other.sessionId);
    const unknown = comparable(await attempt(device, randomUUID()));
    expect(comparable(await attempt(device, other.sessionId))).toEqual(unknown);
    for (const id of ['current', 'x', `${device.sessionId}0`, '%00', '%27', '..%2f']) {
      expect((await attempt(device, id)).status).toBe(404);
    }
    expect(await device.access()).toBeNull();
  });
});

describe('Ending one device', () => {
  test('ends its tokens and its refresh at once, and nothing else', async () => {
    const device = await Device.register(service);
    const [other, third] = [await device.another(), await device.another()];
    expect((await end(device, other.sessionId)).status).toBe(204);
    expect(await other.access()).toBe('session_ended');
    expect(await other.refresh()).toMatchObject({ status: 401, code: 'session_ended' });
    for (const alive of [device, third]) {
      expect(await alive.access()).toBeNull();
      expect((await alive.refresh()).status).toBe(200);
    }
  });

  test('works for the asking one too, and once only', async () => {
    const device = await Device.register(service);
    const other = await device.another();
    expect((await end(device, other.sessionId)).status).toBe(204);
    expect((await end(device, other.sessionId)).status).toBe(404);
    expect((await end(device, device.sessionId)).status).toBe(204);
    expect(await device.access()).toBe('session_ended');
  });

  test.each([
    ['one', (device: Device, other: Device) => end(device, other.sessionId)],
    ['all others', (device: Device) => device.send('/v1/sessions?except=current', { method: 'DELETE' })],
  ])('%s wants a sign-in within the hour', async (_what, attempt) => {
    const device = await Device.register(service);
    const other = await device.another();
    await service.advance(3_660);
    await device.refresh();
    await other.refresh();
    expect(await attempt(device, other)).toMatchObject({ status: 401, code: 'reauthentication_required' });
    expect(await other.access()).toBeNull();
    await device.keeping(device.send('/v1/auth/reauthenticate', { body: { password: PASSWORD } }));
    expect((await attempt(device, other)).status).toBe(204);
    expect(await other.access()).toBe('session_ended');
  });
});

describe('Ending all other devices', () => {
  test('leaves the asking one alone', async () => {
    const device = await Device.register(service);
    const others = [await device.another(), await device.another()];
    const stranger = await Device.register(service);
    expect((await device.send('/v1/sessions?except=current', { method: 'DELETE' })).status).toBe(204);
    for (const other of others) {
      expect(await other.access()).toBe('session_ended');
      expect((await other.refresh()).code).toBe('session_ended');
    }
    for (const alive of [device, stranger]) {
      expect(await alive.access()).toBeNull();
      expect((await alive.refresh()).status).toBe(200);
    }
    expect((await device.send('/v1/sessions?except=current', { method: 'DELETE' })).status).toBe(204);
  });

  test.each([
    ['', '/except'],
    ['?except=', '/except'],
    ['?except=none', '/except'],
    ['?except=current&all=1', '/all'],
  ])('DELETE /v1/sessions%s: 400 that names the parameter, and none ends', async (query, pointer) => {
    const device = await Device.register(service);
    const other = await device.another();
    const answer = await device.send(`/v1/sessions${query}`, { method: 'DELETE' });
    expect([answer.status, answer.code]).toEqual([400, 'validation_failed']);
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.any(String), in: 'query' }]);
    expect(await other.access()).toBeNull();
  });
});

describe('A person has at most SESSIONS_PER_USER devices', () => {
  test('one more ends the one longest unused, also by use that is not written yet', async () => {
    const first = await Device.register(service);
    await service.advance(60);
    const second = await first.another();
    await service.advance(60);
    const third = await first.another();
    await service.advance(60);
    await first.access();
    await service.advance(60);
    const fourth = await first.another();
    expect(await second.access()).toBe('session_ended');
    expect((await second.refresh()).code).toBe('session_ended');
    expect(await Promise.all([first, third, fourth].map((device) => device.access()))).toEqual([null, null, null]);
  });

  test('many at once leave exactly that many, and nobody is refused', async () => {
    const device = await Device.register(service);
    const others = await Promise.all(Array.from({ length: 10 }, () => device.another()));
    const answers = await Promise.all([device, ...others].map((one) => one.access()));
    expect(answers.filter((code) => code === null)).toHaveLength(3);
    expect(answers.filter((code) => code === 'session_ended')).toHaveLength(8);
  });
});
