import fc from 'fast-check';
import { BoundedQueue } from './bounded-queue.js';

class Full extends Error {}

/** A task that ends when it is told to, and says when it begins. */
class Task {
  started = false;
  private settle!: { resolve(value: string): void; reject(error: Error): void };
  private readonly outcome = new Promise<string>((resolve, reject) => (this.settle = { resolve, reject }));

  readonly run = (): Promise<string> => {
    this.started = true;
    return this.outcome;
  };
  end = (): void => this.settle.resolve('done');
  fail = (): void => this.settle.reject(new Error('failed'));
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const newQueue = (concurrency: number, capacity: number) =>
  new BoundedQueue(concurrency, capacity, () => new Full('full'));

/** Hands `count` tasks to the queue; what each came to. */
function submit(queue: BoundedQueue, count: number) {
  const tasks = Array.from({ length: count }, () => new Task());
  const outcomes = tasks.map((task) => queue.run(task.run).catch((error: Error) => error));
  return { tasks, outcomes };
}

test('tasks past the concurrency wait, and begin in the order they came', async () => {
  const { tasks } = submit(newQueue(2, 3), 5);
  const started = () => tasks.map((task) => task.started);
  expect(started()).toEqual([true, true, false, false, false]);
  tasks[1]!.end();
  await settled();
  expect(started()).toEqual([true, true, true, false, false]);
  tasks[0]!.end();
  tasks[2]!.end();
  await settled();
  expect(started()).toEqual([true, true, true, true, true]);
});

test('past the capacity a task is refused and never run; the others are not harmed', async () => {
  const queue = newQueue(1, 1);
  const { tasks, outcomes } = submit(queue, 3);
  expect(await outcomes[2]).toBeInstanceOf(Full);
  tasks.forEach((task) => task.end());
  expect(await Promise.all(outcomes.slice(0, 2))).toEqual(['done', 'done']);
  expect(tasks[2]!.started).toBe(false);
  expect(await queue.run(async () => 'again')).toBe('again');
});

test('a task that fails, at once or later, frees its place', async () => {
  const queue = newQueue(1, 1);
  const { tasks, outcomes } = submit(queue, 2);
  tasks[0]!.fail();
  tasks[1]!.end();
  expect(await outcomes[0]).toEqual(new Error('failed'));
  expect(await outcomes[1]).toBe('done');
  const throwing = () => {
    throw new Error('at once');
  };
  await expect(queue.run(throwing)).rejects.toThrow('at once');
  expect(await queue.run(async () => 'free')).toBe('free');
});

test('in any order of arrivals, ends and failures: never more than allowed at once, first come first served', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant('arrive' as const) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('end' as const, 'fail' as const), fc.nat()) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.nat(4),
      fc.array(step),
      async (concurrency, capacity, steps) => {
        const queue = newQueue(concurrency, capacity);
        // The model: who runs, and who waits in which order.
        let running: Task[] = [];
        const waiting: Task[] = [];
        for (const one of steps) {
          if (one === 'arrive') {
            const task = new Task();
            const outcome = queue.run(task.run).catch((error: Error) => error);
            if (running.length < concurrency) running.push(task);
            else if (waiting.length < capacity) waiting.push(task);
            else expect(await outcome).toBeInstanceOf(Full);
          } else if (running.length > 0) {
            const [how, which] = one;
            const task = running[which % running.length]!;
            task[how]();
            running = [...running.filter((other) => other !== task), ...waiting.splice(0, 1)];
          }
          await settled();
          expect(running.every((task) => task.started)).toBe(true);
          expect(waiting.some((task) => task.started)).toBe(false);
        }
      },
    ),
  );
});
