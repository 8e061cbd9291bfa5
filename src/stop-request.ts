import { abandonLog } from './common/logging/logger.js';
import type { Environment } from './config.js';

/** One Ctrl-C may arrive twice: from the terminal, and passed on by npm. */
const SAME_SIGNAL_MS = 500;
const PARENT_CHECK_MS = 500;

/** That the process was asked to stop. */
export interface StopRequest {
  readonly made: boolean;
  /** Resolves when it is made. */
  readonly whenMade: Promise<void>;
}

/**
 * Listens for SIGTERM and SIGINT, and for the end of npm. A second signal ends the process at once: whoever asks twice
 * does not want to wait for requests that are being answered.
 */
export function listenForStop(env: Environment): StopRequest {
  let madeAt: number | undefined;
  const whenMade = new Promise<void>((resolve) => {
    const request = () => {
      if (madeAt !== undefined && performance.now() - madeAt > SAME_SIGNAL_MS) {
        abandonLog();
        process.exit(1);
      }
      madeAt ??= performance.now();
      resolve();
    };
    process.on('SIGTERM', request).on('SIGINT', request);
    if (env.npm_lifecycle_event !== undefined) whenParentEnds(request);
  });
  return {
    whenMade,
    get made() {
      return madeAt !== undefined;
    },
  };
}

/** npm passes SIGTERM on to the shell it started, and most shells end of it without telling the program they run. */
function whenParentEnds(request: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    request();
  }, PARENT_CHECK_MS).unref();
}
