import { setImmediate, setTimeout as delay } from 'node:timers/promises';

/** Reads one after the other. Whoever asks gets one that begins after they did, together with all who ask meanwhile. */
export class SharedRead {
  private running: Promise<void> = Promise.resolve();
  /** The read after the running one; null when nobody waits for it. */
  private upcoming: Promise<void> | null = null;

  constructor(private readonly read: () => Promise<void>) {}

  /** The running one does not count, as what is asked about may have come after it. Throws what the read throws. */
  next(): Promise<void> {
    this.upcoming ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.upcoming = null;
        this.running = this.read();
        return this.running;
      });
    return this.upcoming;
  }

  /** The same, and throws when it takes longer; the read itself is not stopped. */
  async nextWithin(milliseconds: number): Promise<void> {
    const timer = new AbortController();
    const tooLate = this.waitInVain(milliseconds, timer.signal);
    try {
      return await Promise.race([this.next(), tooLate]);
    } finally {
      timer.abort();
    }
  }

  private async waitInVain(milliseconds: number, signal: AbortSignal): Promise<never> {
    await delay(milliseconds, undefined, { signal });
    // Timers go before sockets: where the process stood still, the answer may be there, and has not been read yet.
    await setImmediate();
    throw new Error(`no answer within ${milliseconds} ms`);
  }
}
