import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds; fails after some seconds. For what another process or the database does by itself. */
export async function poll(condition: () => Promise<boolean> | boolean, seconds = 15): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`The condition did not hold within ${seconds} seconds.`);
    await sleep(20);
  }
}
