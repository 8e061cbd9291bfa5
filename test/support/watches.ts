import { LiveTokens } from '../../src/tokens/live-tokens.js';
import type { Service } from './service.js';

/** From now on: how many tokens hold something open at this instance. */
export function countWatches(service: Service): () => number {
  const tokens = service.app.get(LiveTokens, { strict: false });
  const watch = LiveTokens.prototype.watch.bind(tokens);
  const open = new Set<object>();
  tokens.watch = (...given) => {
    const one = {};
    const stop = watch(...given);
    open.add(one);
    return () => {
      open.delete(one);
      stop();
    };
  };
  return () => open.size;
}
