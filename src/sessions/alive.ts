import type { Config } from '../config.js';

/**
 * Whether a session is alive: the one predicate, in every query that asks. It reads a session `s` joined to its user
 * `u` and its application `a`, by the database's clock. `floor`: another floor than the user's, for a transaction that
 * has just raised it and asks about the moment before.
 */
export function aliveSql(config: Config, floor = 'u.sessions_floor'): string {
  return `(s.ended_at is null
    and now() < s.expires_at
    and now() < ${idleEndSql(config)}
    and u.status = 'active'
    and a.enabled
    and s.user_version >= ${floor}
    and s.application_version >= a.sessions_floor)`;
}

/** When a session `s` ends unless it is used again. */
export function idleEndSql(config: Config): string {
  const seconds = `case when s.remembered then ${config.sessionIdleRemembered} else ${config.sessionIdle} end`;
  return `s.last_active_at + make_interval(secs => ${seconds})`;
}

/** Why a session is not alive, as its person may be told; null when it is. */
export function endReasonSql(config: Config): string {
  return `case
    when ${aliveSql(config)} then null
    when s.ended_at is not null then s.end_reason
    when u.status = 'suspended' then 'account_suspended'
    when u.status = 'deleted' then 'account_deleted'
    when not a.enabled then 'application_disabled'
    when s.user_version < u.sessions_floor then u.sessions_floor_reason
    when s.application_version < a.sessions_floor then 'everyone_signed_out'
    else 'expired' end`;
}
