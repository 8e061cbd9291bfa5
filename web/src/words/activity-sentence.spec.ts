import type { Activity } from '@portcullis/client/react';
import { ACCOUNT_EVENT_TYPES } from '../../../src/audit/audit-record.js';
import { activitySentence } from './activity-sentence.js';

const devices = { current: 'here', names: new Map([['there', 'Hotel computer']]) };

function write(activity: Partial<Activity>): string {
  const whole = { id: '1', byYou: true, sessionId: null, ip: null, reason: null, details: {}, createdAt: '' };
  return activitySentence({ ...whole, type: 'session.ended', ...activity }, devices).text;
}

test.each<[Partial<Activity>, string]>([
  [{ type: 'account.registered' }, 'You created your account.'],
  [{ type: 'session.started', sessionId: 'here' }, 'You signed in on this device.'],
  [{ type: 'session.started', sessionId: 'there' }, 'You signed in on “Hotel computer”.'],
  [{ type: 'session.started', sessionId: 'gone' }, 'You signed in on a device.'],
  [{ type: 'session.renamed', details: { name: 'Kitchen' } }, 'You named a device “Kitchen”.'],
  [{ reason: 'signed_out', sessionId: 'here' }, 'You signed out on this device.'],
  [{ reason: 'ended_by_user', details: { device: 'Old phone' } }, 'You signed out “Old phone” from another device.'],
  [
    { reason: 'too_many_sessions', byYou: false, details: { device: 'Old phone' } },
    '“Old phone” was signed out to make room for a newer device.',
  ],
  [{ reason: 'too_many_sessions', sessionId: 'gone' }, 'A device was signed out to make room for a newer device.'],
  [{ byYou: false, by: 'administrator', details: { device: 'Old phone' } }, 'An administrator signed out “Old phone”.'],
  [
    { type: 'account.suspended', byYou: false },
    'An administrator suspended your account, which signed out all your devices.',
  ],
  [{ type: 'account.restored', byYou: false }, 'An administrator let your account in again.'],
  [{ type: 'account.created', byYou: false }, 'An administrator created your account.'],
  [{ type: 'account.signed_out_everywhere', byYou: false }, 'An administrator signed you out everywhere.'],
  [
    { type: 'account.roles_changed', details: { roles: ['admin', 'editor'] } },
    'Your roles were changed to admin, editor.',
  ],
  [{ type: 'account.roles_changed', details: { roles: [] } }, 'Your roles were taken away.'],
])('%j reads %s', (activity, text) => {
  expect(write(activity)).toBe(text);
});

test('a copied sign-in is an alarm that says what to do', () => {
  const activity = { id: '1', byYou: false, sessionId: 'gone', ip: null, reason: null, createdAt: '' };
  const sentence = activitySentence(
    { ...activity, type: 'refresh_token.reused', details: { device: 'Old phone' } },
    devices,
  );
  expect(sentence).toMatchObject({ topic: 'alarm', advice: expect.stringContaining('Change your password') });
});

test.each(ACCOUNT_EVENT_TYPES)('%s has a sentence of its own', (type) => {
  expect(write({ type })).not.toBe(write({ type: 'unheard_of' }));
});

test('what a newer service tells is a sentence too, not a code', () => {
  for (const type of ['second_factor.added', 'constructor', '__proto__']) {
    expect(write({ type })).toBe('Something in your account was changed.');
  }
});
