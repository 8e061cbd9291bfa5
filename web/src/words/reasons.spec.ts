import { mayComeBack, signOutNotice } from './reasons.js';

const REASONS = [
  'this_tab',
  'another_tab',
  'another_device',
  'signed_out_everywhere',
  'password_changed',
  'expired',
  'suspended',
  'reused',
  'account_deleted',
  'too_many_sessions',
  'application_disabled',
  'ended_by_operator',
  'everyone_signed_out',
];

test('every reason for a sign-out has a notice of its own', () => {
  const texts = REASONS.map((reason) => signOutNotice(reason).text);
  expect(new Set([...texts, signOutNotice('unknown').text]).size).toBe(REASONS.length + 1);
});

test('a reason from a newer service, or a name every object has, reads as signed out', () => {
  for (const reason of ['unknown', 'moon_phase', 'toString', '']) {
    expect(signOutNotice(reason).text).toBe('You have been signed out. Sign in to go on.');
  }
});

test('a copied sign-in and a suspension are warnings', () => {
  expect(signOutNotice('reused').tone).toBe('warning');
  expect(signOutNotice('suspended').tone).toBe('warning');
  expect(signOutNotice('expired').tone).toBe('calm');
});

test('who left by themselves, or was never here, is not expected back', () => {
  expect(REASONS.filter((reason) => !mayComeBack(reason))).toEqual(['this_tab', 'another_tab', 'account_deleted']);
  expect(mayComeBack(undefined)).toBe(false);
});
