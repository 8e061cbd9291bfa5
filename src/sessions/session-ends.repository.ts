import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database/database.js';
import type { Device } from './device.js';

/** What is to end. Both `userId` and `secretHash`, where given, must be the session's own. */
export interface NamedSession {
  sessionId: string;
  userId?: string;
  /** Of the secret in its refresh tokens, whatever their generation. */
  secretHash?: Buffer;
  reason: string;
}

export interface EndedSession {
  id: string;
  userId: string;
  applicationId: string;
  name: string | null;
  device: Device;
}

/** What an end of a session `s` returns. */
export const ENDED_COLUMNS = 's.id, s.user_id as "userId", s.application_id as "applicationId", s.name, s.device';

/** The ends of sessions that somebody named. */
@Injectable()
export class SessionEndsRepository {
  /** Waits for whoever holds the row. Null when there is no such session that has not ended. */
  async end(tx: Transaction, session: NamedSession): Promise<EndedSession | null> {
    const [ended] = await this.endAll(tx, [session], '');
    return ended ?? null;
  }

  /**
   * Ends what it can, each session once, locking rows in the order of their ids: what ended now, each by the place of
   * its name in `sessions`. Waits for no row; one that somebody holds is left as it is.
   */
  async endUnlocked(tx: Transaction, sessions: NamedSession[]): Promise<Map<number, EndedSession>> {
    const rows = await this.endAll(tx, sessions, 'skip locked');
    return new Map(rows.map(({ place, ...ended }) => [Number(place) - 1, ended]));
  }

  private endAll(
    tx: Transaction,
    sessions: NamedSession[],
    locked: '' | 'skip locked',
  ): Promise<(EndedSession & { place: string })[]> {
    return tx.query(
      `with named as (
         select * from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[])
           with ordinality as named (id, user_id, secret_hash, reason, place)),
       doomed as (
         select s.id, named.reason, named.place from sessions s join named on named.id = s.id
          where s.ended_at is null and s.user_id = coalesce(named.user_id, s.user_id)
            and (named.secret_hash is null or named.secret_hash in (s.secret_hash, s.previous_secret_hash))
          order by s.id for update of s ${locked})
       update sessions s set ended_at = now(), end_reason = doomed.reason from doomed
        where s.id = doomed.id
       returning ${ENDED_COLUMNS}, doomed.place`,
      [
        sessions.map(({ sessionId }) => sessionId),
        sessions.map(({ userId }) => userId ?? null),
        sessions.map(({ secretHash }) => secretHash ?? null),
        sessions.map(({ reason }) => reason),
      ],
    );
  }
}
