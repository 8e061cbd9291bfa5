import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { RefreshTokenKey } from '../src/config/secret-keys.js';
import { Database } from '../src/database/database.js';
import { formatRefreshToken, hashSecret, newSecret } from '../src/sessions/refresh-token.js';
import { AccessTokensService } from '../src/tokens/access-tokens.service.js';

/** Somebody with one session. */
export interface Person {
  userId: string;
  accessToken: string;
  refreshToken: string;
}

/** Rows inserted by one statement, which must end within the time limit of statements. */
const BATCH = 20_000;

/** People who are signed in: rows as a sign-in makes them, without the work of a sign-in. */
export class Crowd {
  private readonly database: Database;

  constructor(
    private readonly app: INestApplication,
    private readonly keys: readonly RefreshTokenKey[],
  ) {
    this.database = app.get(Database, { strict: false });
  }

  /** Nobody asks for their tokens: they are there to be many. */
  async fill(count: number): Promise<void> {
    for (let left = count; left > 0; left -= BATCH) await this.insert(Math.min(left, BATCH), 'crowd', newSecret());
    await this.database.query('vacuum analyze sessions, users');
  }

  /** Changes when any row of the crowd's sessions is written anew. */
  async fingerprint(): Promise<string> {
    const [row] = await this.database.query<{ print: string }>(
      `select count(*) || ' ' || coalesce(sum(hashtext(ctid::text || xmin::text)::bigint), 0) as print
         from sessions where user_agent = 'crowd'`,
    );
    return row!.print;
  }

  async signIn(count: number): Promise<Person[]> {
    const secret = newSecret();
    const rows = await this.insert(count, 'asking', secret);
    const tokens = this.app.get(AccessTokensService, { strict: false });
    const now = Date.now() / 1000;
    const binding = { applicationId: 'account', delivery: 'body' } as const;
    return rows.map(({ id: sessionId, user_id: userId, version }) => ({
      userId,
      accessToken: tokens.issue(
        {
          userId,
          sessionId,
          applicationId: 'account',
          audience: 'account',
          userVersion: 1,
          applicationVersion: Number(version),
          roles: [],
          amr: ['pwd'],
          issuedAt: now,
          authenticatedAt: now,
          sessionExpiresAt: now + 86_400,
          life: 3_600,
        },
        {},
      ).accessToken,
      refreshToken: formatRefreshToken({ sessionId, generation: 1, secret }, binding, this.keys),
    }));
  }

  private insert(count: number, userAgent: string, secret: string) {
    return this.database.query<{ id: string; user_id: string; version: string }>(
      `with people as (
         insert into users (id, email, password_hash, status, roles, token_version, sessions_floor, created_at, updated_at)
         select gen_random_uuid(), $4 || gen_random_uuid() || '@example.com', 'none', 'active', '{}', 1, 1, now(), now()
           from generate_series(1, $1)
         returning id)
       insert into sessions (id, user_id, application_id, user_version, application_version, generation, secret_hash,
                             rotated_at, delivery, device, remembered, amr, authenticated_at, created_at,
                             last_active_at, expires_at, user_agent)
       select gen_random_uuid(), people.id, a.id, 1, a.token_version, 1, $2, now(), 'body', '{}', false, '{pwd}', now(),
              now(), now(), now() + interval '1 day', $3
         from people, applications a where a.id = 'account'
       returning id, user_id, application_version as version`,
      [count, hashSecret(secret), userAgent, randomUUID()],
    );
  }
}
