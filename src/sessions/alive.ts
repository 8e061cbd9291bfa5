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

/** When a session `s` of the application `a` ends unless it is used again: by the application's limit of now. */
export function idleEndSql(config: Config): string {
  const ordinary = `coalesce(a.session_idle, ${config.sessionIdle})`;
  const remembered = `coalesce(a.session_idle_remembered, ${config.sessionIdleRemembered})`;
  return `s.last_active_at + make_interval(secs => case when s.remembered then ${remembered} else ${ordinary} end)`;
}

/** Seconds from sign-in to the absolute end, in an application `a`. `remembered`: SQL that says whether the person is. */
export function absoluteLifeSql(config: Config, remembered: string): string {
  const forOrdinary = `coalesce(a.session_max, ${config.sessionMax})`;
  const forRemembered = `coalesce(a.session_max_remembered, ${config.sessionMaxRemembered})`;
  return `case when ${remembered} then ${forRemembered} else ${forOrdinary} end`;
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
