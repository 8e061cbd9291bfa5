/** Runs at most `concurrency` tasks at a time and lets at most `capacity` more wait, in the order they came. */
export class BoundedQueue {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly capacity: number,
    private readonly refuse: () => Error,
  ) {}

  /** How many wait for their turn. */
  get length(): number {
    return this.waiting.length;
  }

  /** The result of `task`. Throws what `refuse` makes, without running it, when the queue is full. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.active < this.concurrency) this.active++;
    else if (this.waiting.length < this.capacity) await new Promise<void>((turn) => this.waiting.push(turn));
    else throw this.refuse();
    try {
      return await task();
    } finally {
      // The place passes straight to the next in line, so that no newcomer slips in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.active--;
    }
  }
}
