import { describeFailure, failureSentence } from './failure.js';

/** As the client throws it. */
function problem(code: string, status: number, more: object = {}): Error {
  return Object.assign(new Error(code), { name: 'PortcullisError', code, status, detail: 'Of the API.', ...more });
}

const noNetwork = Object.assign(new Error('fetch failed'), { name: 'NetworkError' });

test('a wrong password is told beside the password', () => {
  const failure = describeFailure(problem('credentials_invalid', 401), { credentials_invalid: { field: 'password' } });
  expect(failure).toEqual({ fields: { password: expect.stringContaining('Check both') }, message: null });
});

test('a form may have better words for a code', () => {
  const places = { credentials_invalid: { field: 'password', sentence: 'This is not your password.' } };
  const failure = describeFailure(problem('credentials_invalid', 401), places);
  expect(failure).toEqual({ fields: { password: 'This is not your password.' }, message: null });
});

test('each invalid field gets its own sentence, the first one that names it', () => {
  const errors = [
    { pointer: '/email', detail: 'Write an e-mail address.' },
    { pointer: '/email', detail: 'And another fault.' },
    { pointer: '/password', detail: 'Use at least 8 characters.' },
  ];
  expect(describeFailure(problem('validation_failed', 400, { errors }))).toEqual({
    fields: { email: 'Write an e-mail address.', password: 'Use at least 8 characters.' },
    message: null,
  });
});

test('a refused body that names no field is told above the form', () => {
  for (const errors of [undefined, [], [{ pointer: '', detail: 'x' }], [{}], 'rubbish']) {
    expect(describeFailure(problem('validation_failed', 400, { errors }))).toEqual({
      fields: {},
      message: 'Of the API.',
    });
  }
});

test.each<[unknown, string]>([
  [noNetwork, 'We could not reach the service. Check your connection and try again.'],
  [problem('unavailable', 503, { retryAfter: 20 }), 'The service is busy right now. Try again in 20 seconds.'],
  [problem('unavailable', 503), 'The service is busy right now. Try again in a moment.'],
  [problem('too_many_requests', 429, { retryAfter: 300 }), 'That was too often. Try again in 5 minutes.'],
  [problem('moon_phase', 418), 'Of the API.'],
  [new SyntaxError('Unexpected token <'), 'The service gave an answer we could not read. Wait a moment and try again.'],
  [undefined, 'The service gave an answer we could not read. Wait a moment and try again.'],
])('%s reads %s', (error, sentence) => {
  expect(failureSentence(error)).toBe(sentence);
});

test('a page that was opened at another address says where it works, and what an operator may have to correct', () => {
  const serviceUrl = 'http://localhost:3000';
  const refused = problem('cross_site_refused', 403, { problem: { serviceUrl } });
  expect(describeFailure(refused)).toEqual({
    fields: {},
    message:
      'This page works only at http://localhost:3000. Open it there. If you run this service and that is not its address, correct PUBLIC_URL.',
    serviceUrl,
  });
  expect(failureSentence(problem('cross_site_refused', 403, { problem: {} }))).toContain('in a tab of its own');
});
