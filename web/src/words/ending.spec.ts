import { ending } from './ending.js';

const style = { locale: 'en-GB', timeZone: 'UTC' };
const now = Date.parse('2026-11-22T12:00:00Z');

test('two ends are both told', () => {
  expect(ending(Date.parse('2026-12-06T12:00:00Z'), Date.parse('2027-02-20T12:00:00Z'), now, style)).toBe(
    'Ends on 6 December if unused, on 20 February 2027 at the latest',
  );
});

test('an idle end that the absolute end has caught up with is one end', () => {
  const end = Date.parse('2026-11-22T18:00:00Z');
  expect(ending(end, end, now, style)).toBe('Ends today at 18:00');
});
