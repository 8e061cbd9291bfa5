import { ago, dayHeading, duration, pageStyle, until } from './times.js';

const style = { locale: 'en-GB', timeZone: 'Europe/Berlin' };
const now = Date.parse('2026-11-22T12:00:00+01:00');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('ago', () => {
  test.each([
    [now + 3 * HOUR, 'just now'],
    [now - 59_000, 'just now'],
    [now - MINUTE, '1 minute ago'],
    [now - 59 * MINUTE, '59 minutes ago'],
    [now - 11 * HOUR, '11 hours ago'],
    [now - 13 * HOUR, 'yesterday'],
    [now - 35 * HOUR, 'yesterday'],
    [now - 37 * HOUR, '2 days ago'],
    [now - 20 * 24 * HOUR, 'on 2 November'],
    [now - 400 * 24 * HOUR, 'on 18 October 2025'],
  ])('%d is %s', (moment, words) => {
    expect(ago(moment, now, style)).toBe(words);
  });

  test('an hour before midnight is some hours ago, not yesterday', () => {
    const night = Date.parse('2026-11-22T01:00:00+01:00');
    expect(ago(night - 2 * HOUR, night, style)).toBe('2 hours ago');
  });
});

describe('until', () => {
  test.each([
    [now - HOUR, 'within a minute'],
    [now + 5.5 * MINUTE, 'in 5 minutes'],
    [now + 6 * HOUR, 'today at 18:00'],
    [now + 13 * HOUR, 'tomorrow at 01:00'],
    [now + 3 * 24 * HOUR, 'on Wednesday at 12:00'],
    [now + 14 * 24 * HOUR, 'on 6 December'],
    [now + 90 * 24 * HOUR, 'on 20 February 2027'],
  ])('%d is %s', (moment, words) => {
    expect(until(moment, now, style)).toBe(words);
  });
});

test('a day with 25 hours is one day', () => {
  const after = Date.parse('2026-10-25T23:30:00+01:00');
  expect(dayHeading(Date.parse('2026-10-25T00:30:00+02:00'), after, style)).toBe('Today');
  expect(dayHeading(Date.parse('2026-10-24T23:30:00+02:00'), after, style)).toBe('Yesterday');
});

test('days are headed by their date, with the year when it is another one', () => {
  expect(dayHeading(Date.parse('2026-11-16T12:00:00+01:00'), now, style)).toMatch(/^Monday,? 16 November$/);
  expect(dayHeading(Date.parse('2025-11-16T12:00:00+01:00'), now, style)).toMatch(/^Sunday,? 16 November 2025$/);
});

test('a waiting time is never said too short', () => {
  expect([0.2, 1, 20, 89.5, 91, 5_400, 5_401].map(duration)).toEqual([
    '1 second',
    '1 second',
    '20 seconds',
    '90 seconds',
    '2 minutes',
    '2 hours',
    '2 hours',
  ]);
});

test('the first English of the browser decides, and British English when there is none', () => {
  expect(pageStyle(['de-DE', 'en-US', 'en']).locale).toBe('en-US');
  expect(pageStyle(['de-DE']).locale).toBe('en-GB');
});

test('what a browser says that is no language is passed over: the page is there all the same', () => {
  expect(pageStyle(['en-US@posix']).locale).toBe('en-GB');
  expect(pageStyle(['en-US@posix', 'en-US']).locale).toBe('en-US');
  expect(until(now, now + HOUR, pageStyle(['en-US@posix']))).toEqual(expect.any(String));
});
