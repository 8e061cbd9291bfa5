import type { ServerResponse } from 'node:http';

/** Bytes that wait for a follower at most: some seconds of a busy service. What is slower is dropped, and resumes. */
const MAX_WAITING = 256 * 1024;

/** How long one event may wait for a follower that makes up for what it missed, in milliseconds. */
const MAX_WAIT_MS = 30_000;

/** The connection of one follower. It holds no bytes of its own: what waits to be sent is shared by all who follow. */
export class FeedStream {
  closed = false;

  constructor(
    private readonly response: ServerResponse,
    /** By the monotonic clock, in milliseconds: when its request had come. */
    readonly startedAt: number,
    onClose: (stream: FeedStream) => void,
  ) {
    response.once('close', () => {
      this.closed = true;
      onClose(this);
    });
    // A connection that breaks also closes.
    response.on('error', () => undefined);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      // nginx would collect events before it passes them on.
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
  }

  /** Sends at once, whether or not the follower reads; drops it when too much waits already. */
  send(frame: Buffer): void {
    if (this.closed) return;
    if (this.response.writableLength > MAX_WAITING) this.response.destroy();
    else this.response.write(frame);
  }

  /** Sends, and resolves when there is room for more. Drops a follower that does not read for half a minute. */
  async sendPatiently(frame: Buffer): Promise<void> {
    if (this.closed || this.response.write(frame)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.response.destroy(), MAX_WAIT_MS);
      const proceed = () => {
        clearTimeout(timer);
        this.response.off('drain', proceed).off('close', proceed);
        resolve();
      };
      this.response.on('drain', proceed).on('close', proceed);
    });
  }

  /** The follower comes back with the last id that it was sent. */
  end(): void {
    if (!this.closed) this.response.end();
  }
}
