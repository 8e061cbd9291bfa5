import { Injectable } from '@nestjs/common';

/** The instance's clocks, injected so that tests can step them. What the database decides, it decides by its own. */
@Injectable()
export class Clock {
  /** Wall clock, milliseconds since 1970. */
  now(): number {
    return Date.now();
  }

  /** Wall clock, seconds since 1970 with fraction: the unit of `iat` and `exp` (RFC 7519 §2, NumericDate). */
  seconds(): number {
    return this.now() / 1000;
  }

  /** Milliseconds that only ever grow: for measuring how old something is. */
  monotonic(): number {
    return performance.now();
  }
}
