/** Resolves to null when all is well, otherwise to a sentence that tells an operator what is wrong. */
export type ReadinessCheck = () => Promise<string | null> | string | null;

export interface ReadinessResult {
  name: string;
  ok: boolean;
  detail?: string;
}

/** A check that hangs must not hang the probe: load balancers give up after a few seconds. */
const checkTimeout = 2_000;

/** Whether this instance should be sent requests. Modules add what they need; all of it must hold. */
export class Readiness {
  private readonly checks = new Map<string, ReadinessCheck>();
  private running: Promise<ReadinessResult[]> | null = null;
  private stopping = false;

  /** @throws when the name is taken: one check would silently replace another */
  add(name: string, check: ReadinessCheck): void {
    if (this.checks.has(name)) throw new Error(`There is a readiness check "${name}" already.`);
    this.checks.set(name, check);
  }

  /** From now on not ready: the first step of stopping, before the server stops to accept connections. */
  shutDown(): void {
    this.stopping = true;
  }

  get shuttingDown(): boolean {
    return this.stopping;
  }

  /**
   * Runs every check at the same time. A check that throws or takes over two seconds is not ok. Who asks meanwhile gets
   * the same answer: anybody may ask, and the checks take connections from the pool that requests need.
   */
  async report(): Promise<{ ready: boolean; checks: ReadinessResult[] }> {
    this.running ??= this.runChecks().finally(() => (this.running = null));
    const results = await this.running;
    // Not shared, so that it shows at once.
    const checks = [...results, this.describeStopping()];
    return { ready: checks.every((check) => check.ok), checks };
  }

  private runChecks(): Promise<ReadinessResult[]> {
    return Promise.all([...this.checks].map(([name, check]) => run(name, check)));
  }

  private describeStopping(): ReadinessResult {
    if (!this.stopping) return { name: 'running', ok: true };
    return { name: 'running', ok: false, detail: 'The instance is shutting down.' };
  }
}

async function run(name: string, check: ReadinessCheck): Promise<ReadinessResult> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, checkTimeout, `No answer within ${checkTimeout / 1000} seconds.`);
  });
  try {
    const detail = await Promise.race([check(), timeout]);
    return detail === null ? { name, ok: true } : { name, ok: false, detail };
  } catch {
    // The message of a driver may name hosts and users, and the probe is public.
    return { name, ok: false, detail: 'The check failed.' };
  } finally {
    clearTimeout(timer);
  }
}
