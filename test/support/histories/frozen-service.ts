import { SchedulerRegistry } from '@nestjs/schedule';
import { Clock } from '../../../src/common/clock.js';
import { RevocationsPurgeJob } from '../../../src/revocation/revocations-purge.job.js';
import { RevocationsSweepJob } from '../../../src/revocation/revocations-sweep.job.js';
import { LastActivityService } from '../../../src/sessions/last-activity.service.js';
import { SessionsPurgeJob } from '../../../src/sessions/sessions-purge.job.js';
import { startService, type Service } from '../service.js';
import { LIMITS } from './model.js';

/** An instance whose clocks only move when they are told to, and which does nothing by itself. */
export interface FrozenService extends Service {
  /** Second 0 of the model, in milliseconds since 1970. */
  startMs: number;
  housekeeping(): Promise<void>;
}

export async function startFrozenService(): Promise<FrozenService> {
  const service = await startService({
    env: {
      // All people of all histories sign in from one place.
      RATE_LIMITS: 'off',
      ACCESS_TOKEN_TTL: `${LIMITS.accessToken}s`,
      REFRESH_GRACE: `${LIMITS.grace}s`,
      SESSION_IDLE: `${LIMITS.idle.brief}s`,
      SESSION_MAX: `${LIMITS.max.brief}s`,
      SESSION_IDLE_REMEMBERED: `${LIMITS.idle.remembered}s`,
      SESSION_MAX_REMEMBERED: `${LIMITS.max.remembered}s`,
      SESSION_RETENTION: `${LIMITS.retention}s`,
      SESSIONS_PER_USER: `${LIMITS.sessions}`,
      RECENT_AUTH_MAX_AGE: `${LIMITS.recentAuthentication}s`,
    },
  });
  const start = Math.ceil(Date.now() / 1000);
  await service.db.query(
    `create or replace function test_clock.now() returns timestamptz language sql stable
     return to_timestamp(${start}) + (select shift from test_clock.clock)`,
  );
  service.app.get(Clock).now = () => (start + service.db.shiftSeconds) * 1000;
  const scheduler = service.app.get(SchedulerRegistry);
  for (const name of scheduler.getIntervals()) scheduler.deleteInterval(name);
  for (const name of scheduler.getCronJobs().keys()) scheduler.deleteCronJob(name);
  return {
    ...service,
    startMs: start * 1000 + service.db.shiftSeconds * 1000,
    housekeeping: async () => {
      await service.app.get(LastActivityService).write();
      await service.app.get(SessionsPurgeJob).run();
      await service.app.get(RevocationsPurgeJob).run();
      await service.app.get(RevocationsSweepJob).run();
    },
  };
}
