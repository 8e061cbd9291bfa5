import { randomUUID } from 'node:crypto';
import { Device } from './support/device.js';
import { catchUp, revoke } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

/** The database becomes another one, or an older state of itself, while `two` runs. */
let one: Service;
let two: Service;
const lines: string[] = [];

beforeAll(async () => {
  one = await startService();
  two = await startService({ besides: one, onLog: (line) => lines.push(line) });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const alarms = () => lines.filter((line) => line.includes('reading it anew')).length;

/** What a restore to a moment before does to the log, beside giving it another epoch. */
const forget = (subject: string) => one.db.query('delete from revocations where subject = $1', [subject]);
const CHANGES: [name: string, change: () => Promise<unknown>][] = [
  ['another epoch', () => one.db.query('update revocation_head set epoch = gen_random_uuid()')],
  ['a head behind', () => one.db.query('update revocation_head set seq = seq - 1')],
  [
    'another row where it stood',
    () => one.db.query('update revocations set id = gen_random_uuid() where seq = (select seq from revocation_head)'),
  ],
];

test.each(CHANGES)('%s: it says so once, reads anew, forgets nothing and follows on', async (_, change) => {
  const [known, later] = [await Device.register(one), await Device.register(one)];
  await revoke(one, { kind: 'session', subject: known.sessionId }, { kind: 'session', subject: randomUUID() });
  await Promise.all([one, two].map(catchUp));
  const before = alarms();
  await forget(known.sessionId);
  await change();
  await Promise.all([one, two].map(catchUp));
  expect(await known.access(two)).toBe('session_ended');

  await one.db.query('delete from revocations where seq > (select seq from revocation_head)');
  await later.send('/v1/auth/logout', { method: 'POST' });
  await catchUp(two);
  expect(await later.access(two)).toBe('session_ended');
  expect(await known.access(two)).toBe('session_ended');
  // Each instance once.
  expect(alarms()).toBe(before + 2);
});

test('what the new log says last of a suspension counts, not what the lost one said later', async () => {
  const [ada, eve] = [await Device.register(one), await Device.register(one)];
  await revoke(one, { kind: 'user', subject: ada.userId, suspended: true });
  await revoke(one, { kind: 'user', subject: ada.userId, suspended: false });
  await revoke(one, { kind: 'user', subject: eve.userId, suspended: true });
  await catchUp(two);
  expect([await ada.access(two), await eve.access(two)]).toEqual([null, 'account_suspended']);

  await one.db.query(`delete from revocations; update revocation_head set seq = 0, epoch = gen_random_uuid()`);
  await revoke(one, { kind: 'user', subject: ada.userId, suspended: true });
  await catchUp(two);
  expect([await ada.access(two), await eve.access(two)]).toEqual(['account_suspended', 'account_suspended']);
  await revoke(one, { kind: 'user', subject: ada.userId, suspended: false });
  await catchUp(two);
  expect([await ada.access(two), await eve.access(two)]).toEqual([null, 'account_suspended']);
});
