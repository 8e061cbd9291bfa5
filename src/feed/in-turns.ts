import { setImmediate } from 'node:timers/promises';

/** How long others may have to wait, in milliseconds. */
const TURN_MS = 2;

/** The same items, with a turn of the event loop between two whenever they have taken it up for two milliseconds. */
export async function* inTurns<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  let began = performance.now();
  for (const item of items) {
    yield item;
    if (performance.now() - began < TURN_MS) continue;
    await setImmediate();
    began = performance.now();
  }
}
