import fc from 'fast-check';
import { AppError } from '../common/errors/app-error.js';
import { decodeCursor, encodeCursor, toSessionView } from './session-view.js';
import type { SessionRow } from './sessions.repository.js';

const HOUR = 3_600_000;
const START = Date.parse('2025-03-01T12:00:00.000Z');
const ID = '0b54b1a9-93a5-4a4d-8d4c-6f3f6d1f8a10';

const row: SessionRow = {
  id: ID,
  application_id: 'account',
  application_name: 'account',
  name: null,
  device: { browser: 'Firefox', os: 'Windows', kind: 'desktop' },
  ip: '192.0.2.1',
  created_at: new Date(START),
  last_active_at: new Date(START + HOUR),
  expires_at: new Date(START + 24 * HOUR),
  idle_expires_at: new Date(START + 13 * HOUR),
};

const cursorOf = (text: string) => Buffer.from(text).toString('base64url');

test('a device is called what its person called it, else what it is', () => {
  expect(toSessionView(row, 'another', row.last_active_at).name).toBe('Firefox on Windows');
  expect(toSessionView({ ...row, name: 'Desk' }, 'another', row.last_active_at).name).toBe('Desk');
});

test('the asking session is marked, and no other', () => {
  expect(toSessionView(row, ID, row.last_active_at).current).toBe(true);
  expect(toSessionView(row, 'another', row.last_active_at).current).toBe(false);
});

test('an application is named where it is not the built-in one', () => {
  expect(toSessionView(row, ID, row.last_active_at)).not.toHaveProperty('application');
  const other = { ...row, application_id: 'shop', application_name: 'The shop' };
  expect(toSessionView(other, ID, row.last_active_at).application).toEqual({ id: 'shop', name: 'The shop' });
});

test('times are ISO 8601 in UTC', () => {
  const view = toSessionView(row, ID, row.last_active_at);
  expect(view.createdAt).toBe('2025-03-01T12:00:00.000Z');
  expect(view.lastActiveAt).toBe('2025-03-01T13:00:00.000Z');
  expect(view.idleExpiresAt).toBe('2025-03-02T01:00:00.000Z');
  expect(view.expiresAt).toBe('2025-03-02T12:00:00.000Z');
});

test('a use that is not written yet moves the idle end as far, and never past the absolute end', () => {
  fc.assert(
    fc.property(fc.nat(22 * HOUR), (later) => {
      const used = new Date(row.last_active_at.getTime() + later);
      const view = toSessionView(row, ID, used);
      expect(Date.parse(view.lastActiveAt)).toBe(used.getTime());
      expect(Date.parse(view.idleExpiresAt)).toBe(
        Math.min(row.idle_expires_at.getTime() + later, row.expires_at.getTime()),
      );
    }),
  );
});

test('a cursor leads back to the place it was made at', () => {
  const anyMoment = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(anyMoment, fc.uuid(), (moment, id) => {
      const place = decodeCursor(encodeCursor({ lastActiveAt: moment.toISOString(), id }));
      expect(place).toEqual({ lastActiveAt: moment.toISOString(), id });
    }),
  );
});

test.each([
  ['empty', ''],
  ['no place', cursorOf('now')],
  ['no such day', cursorOf(`2024-02-30T00:00:00.000Z_${ID}`)],
  ['no such year', cursorOf(`0000-01-01T00:00:00.000Z_${ID}`)],
  ['no such hour', cursorOf(`2024-02-03T25:00:00.000Z_${ID}`)],
  ['hour 24', cursorOf(`2024-02-03T24:00:00.000Z_${ID}`)],
  ['no id', cursorOf(`2024-02-03T00:00:00.000Z_${'-'.repeat(36)}`)],
  ['more behind it', cursorOf(`2024-02-03T00:00:00.000Z_${ID}'`)],
])('a cursor nobody made is a fault of the request: %s', (_, cursor) => {
  expect(() => decodeCursor(cursor)).toThrow(AppError);
});

test('random text is never a cursor and never another error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string().map(cursorOf)), (text) => {
      expect(() => decodeCursor(text)).toThrow(AppError);
    }),
  );
});
