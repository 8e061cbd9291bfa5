import { Injectable } from '@nestjs/common';
import type { RecentAuthMaxAge } from '../common/access.js';
import { AppError } from '../common/errors/app-error.js';
import type { Principal } from '../common/principal.js';
import { Config } from '../config.js';
import { DatabaseClock } from '../database/database-clock.js';

/** Whether the person proved lately who they are. */
@Injectable()
export class RecentAuth {
  constructor(
    private readonly config: Config,
    private readonly clock: DatabaseClock,
  ) {}

  /** Throws `reauthentication_required`, which says what would do (RFC 9470 §3). */
  assert({ authenticatedAt }: Principal, required: RecentAuthMaxAge): void {
    const maxAge = required === 'configured' ? this.config.recentAuthMaxAge : required;
    if (this.clock.seconds() - authenticatedAt <= maxAge) return;
    throw new AppError('reauthentication_required', { extensions: { maxAge } });
  }
}
