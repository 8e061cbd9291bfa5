import { SharedRead } from './shared-read.js';

/** As a process that is frozen, or has too much to do. */
function standStill(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test('an answer that came while the process stood still is in time', async () => {
  let answer = (): void => undefined;
  const read = new SharedRead(() => new Promise((resolve) => (answer = resolve)));
  const asked = read.nextWithin(20);
  // When it goes on, timers have their turn first, of which the limit is one; then what was answered.
  setImmediate(() => {
    standStill(60);
    setImmediate(answer);
  });
  await expect(asked).resolves.toBeUndefined();
});

test('a read that takes longer than the limit is not waited for', async () => {
  const read = new SharedRead(() => new Promise(() => {}));
  await expect(read.nextWithin(20)).rejects.toThrow('no answer within 20 ms');
});
