import type { Delivery } from '../applications/delivery.js';

/** What one statement said of a live session and its person: all that tokens are made from. */
export interface SessionGrant {
  sessionId: string;
  userId: string;
  applicationId: string;
  audience: string;
  /** Seconds that its access tokens live; null: as configured. */
  accessTokenTtl: number | null;
  userVersion: number;
  applicationVersion: number;
  roles: string[];
  email: string;
  name: string | null;
  emailVerified: boolean;
  amr: string[];
  remembered: boolean;
  delivery: Delivery;
  generation: number;
  /** The database's clock in that statement. */
  now: Date;
  authenticatedAt: Date;
  expiresAt: Date;
  idleExpiresAt: Date;
}

export interface SessionGrantRow {
  session_id: string;
  user_id: string;
  application_id: string;
  audience: string;
  access_token_ttl: number | null;
  user_version: string;
  application_version: string;
  roles: string[];
  email: string;
  name: string | null;
  email_verified: boolean;
  amr: string[];
  remembered: boolean;
  delivery: Delivery;
  generation: string;
  now: Date;
  authenticated_at: Date;
  expires_at: Date;
  idle_expires_at: Date;
}

/** The columns of a grant, from a session `s`, its user `u` and its application `a`. */
export function grantColumns(idleEnd: string): string {
  return `s.id as session_id, s.user_id, s.application_id, a.audience, a.access_token_ttl,
    u.token_version as user_version,
    a.token_version as application_version, u.roles, u.email, u.name, u.email_verified_at is not null as email_verified,
    s.amr, s.remembered, s.delivery, s.generation, now() as now, s.authenticated_at, s.expires_at,
    least(${idleEnd}, s.expires_at) as idle_expires_at`;
}

export function toSessionGrant(row: SessionGrantRow): SessionGrant {
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    applicationId: row.application_id,
    audience: row.audience,
    accessTokenTtl: row.access_token_ttl,
    userVersion: Number(row.user_version),
    applicationVersion: Number(row.application_version),
    roles: row.roles,
    email: row.email,
    name: row.name,
    emailVerified: row.email_verified,
    amr: row.amr,
    remembered: row.remembered,
    delivery: row.delivery,
    generation: Number(row.generation),
    now: row.now,
    authenticatedAt: row.authenticated_at,
    expiresAt: row.expires_at,
    idleExpiresAt: row.idle_expires_at,
  };
}
