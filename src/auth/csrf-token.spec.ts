import fc from 'fast-check';
import { randomBytes, randomUUID } from 'node:crypto';
import { csrfTokenOf, deriveCsrfKeys, isCsrfToken } from './csrf-token.js';

const keyOf = (id: string) => ({ id, key: randomBytes(32) });
const [first, second] = [keyOf('a'), keyOf('b')];
const both = deriveCsrfKeys([first, second]);

test('a token is good for its session under any of the keys, and the first signs', () => {
  const sessionId = randomUUID();
  const [byFirst, bySecond] = [first, second].map((key) => csrfTokenOf(sessionId, deriveCsrfKeys([key])));
  expect(csrfTokenOf(sessionId, both)).toBe(byFirst);
  for (const token of [byFirst, bySecond]) expect(isCsrfToken(token!, sessionId, both)).toBe(true);
  expect(isCsrfToken(bySecond!, sessionId, deriveCsrfKeys([first]))).toBe(false);
  expect(() => csrfTokenOf(sessionId, [])).toThrow();
});

test('it is made by a key of its own: a MAC by the key of refresh tokens is none', () => {
  const sessionId = randomUUID();
  expect(isCsrfToken(csrfTokenOf(sessionId, [first.key]), sessionId, both)).toBe(false);
});

test('no other text is the token, and none of another session', () => {
  const sessionId = randomUUID();
  const token = csrfTokenOf(sessionId, both);
  const others = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.uuid().map((id) => csrfTokenOf(id, both)),
    fc.integer({ min: 0, max: token.length - 1 }).map((place) => token.slice(0, place)),
    fc.string({ minLength: 1 }).map((more) => token + more),
    fc.string({ unit: 'grapheme', minLength: 43, maxLength: 43 }),
  );
  fc.assert(fc.property(others, (text) => text === token || !isCsrfToken(text, sessionId, both)));
});
