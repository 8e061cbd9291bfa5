/**
 * What the service promises about one account, told as plainly as possible: data, and one function for each thing that
 * can be done. It shares no code with the service. Times are whole seconds on the model's own clock.
 */
export const LIMITS = {
  accessToken: 600,
  /** How far past `exp` an access token is still taken, for clocks that differ. */
  leeway: 5,
  grace: 10,
  recentAuthentication: 3_600,
  retention: 3_600,
  /** How long a token of a session that has ended gets that answer from memory, whatever became of the session since. */
  remembered: 60,
  sessions: 4,
  idle: { brief: 1_800, remembered: 21_600 },
  max: { brief: 7_200, remembered: 86_400 },
};

export interface Session {
  /** Known once the service has answered the sign-in. */
  id: string;
  /** Of a browser, by cookie; else of something that keeps its tokens itself. */
  browser: boolean;
  remembered: boolean;
  /** The account's version when the person last proved who they are. */
  version: number;
  generation: number;
  /** How many times the tokens were re-issued with a new secret. */
  reissues: number;
  rotatedAt: number;
  authenticatedAt: number;
  startedAt: number;
  lastActiveAt: number;
  /** Of a use that is not written yet. */
  usedAt: number;
  expiresAt: number;
  endedAt: number | null;
  purged: boolean;
  /** When which of its refresh tokens was told that it has ended. */
  told: Map<string, number>;
}

export type Device = Pick<Session, 'browser' | 'remembered'>;

export interface AccessToken {
  session: Session;
  version: number;
  authenticatedAt: number;
  expiresAt: number;
}

export interface RefreshToken {
  session: Session;
  generation: number;
  reissues: number;
}

export interface Model {
  now: number;
  deleted: boolean;
  password: number;
  roles: string;
  version: number;
  /** Sessions of a lower version have ended. */
  floor: number;
  sessions: Session[];
}

/** What a call is answered: the code of the problem, or null, and then perhaps tokens. */
export interface Outcome {
  code: string | null;
  session?: Session;
}

export function newModel(): Model {
  return { now: 0, deleted: false, password: 0, roles: '', version: 1, floor: 0, sessions: [] };
}

export function isAlive(model: Model, session: Session): boolean {
  return (
    !model.deleted &&
    session.endedAt === null &&
    session.version >= model.floor &&
    model.now < session.expiresAt &&
    model.now < session.lastActiveAt + idleOf(session)
  );
}

export function liveSessions(model: Model): Session[] {
  return model.sessions.filter((session) => isAlive(model, session));
}

export const idleOf = ({ remembered }: Session) => LIMITS.idle[remembered ? 'remembered' : 'brief'];

/** The tokens of a session as they are issued at this moment. */
export function tokensOf(model: Model, session: Session): { access: AccessToken; refresh: RefreshToken } {
  const { authenticatedAt, generation, reissues } = session;
  const expiresAt = Math.min(model.now + LIMITS.accessToken, session.expiresAt);
  return {
    access: { session, version: model.version, authenticatedAt, expiresAt },
    refresh: { session, generation, reissues },
  };
}

/** What the guard of every private route says to an access token; null lets it pass. */
export function accessVerdict(model: Model, token: AccessToken): string | null {
  if (model.now >= token.expiresAt + LIMITS.leeway) return 'token_expired';
  if (token.session.endedAt !== null) return 'session_ended';
  return token.version < model.version ? 'token_outdated' : null;
}

/** What `GET /v1/sessions/current` says, which is no use of the session. */
export function currentVerdict(model: Model, token: AccessToken): string | null {
  return accessVerdict(model, token) ?? (isAlive(model, token.session) ? null : 'session_ended');
}

/**
 * What a refresh would say, without doing it: `repeat` (the current token) and null (the next one) both give tokens.
 * `byPage`: whether it is a page in a browser that asks.
 */
export function refreshVerdict(
  model: Model,
  { session, generation, reissues }: RefreshToken,
  byPage = session.browser,
): string | null {
  const older = session.reissues - reissues;
  // Only the secret before the current one is still known.
  if (session.purged || older > 1) return 'refresh_token_invalid';
  if (!isAlive(model, session)) return 'session_ended';
  const behind = session.generation - generation;
  if (behind === 0 && !byPage) return null;
  if (model.now >= session.rotatedAt + LIMITS.grace) return behind === 0 ? null : 'refresh_token_reused';
  // A re-issue may come just after a refresh that was the only one of its grace.
  if (behind > (byPage && older === 1 ? 2 : 1)) return 'refresh_token_reused';
  return older === 0 ? 'repeat' : 'refresh_token_invalid';
}

export function signIn(model: Model, { browser, remembered }: Device, password: number): Outcome {
  if (model.deleted || password !== model.password) return { code: 'credentials_invalid' };
  const { now, version } = model;
  const session: Session = {
    id: '',
    browser,
    remembered,
    version,
    generation: 1,
    reissues: 0,
    rotatedAt: now,
    authenticatedAt: now,
    startedAt: now,
    lastActiveAt: now,
    usedAt: now,
    expiresAt: now + LIMITS.max[remembered ? 'remembered' : 'brief'],
    endedAt: null,
    purged: false,
    told: new Map(),
  };
  const longestUsedFirst = liveSessions(model).toSorted(
    (a, b) => b.lastActiveAt - a.lastActiveAt || b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1),
  );
  for (const surplus of longestUsedFirst.slice(LIMITS.sessions - 1)) surplus.endedAt = now;
  model.sessions.push(session);
  return { code: null, session };
}

/** One call with this token; concurrent ones are as many calls, one after the other. */
export function refresh(model: Model, token: RefreshToken, byPage: boolean): Outcome {
  const { session } = token;
  const name = `${token.generation} ${token.reissues}`;
  if (model.now < (session.told.get(name) ?? -Infinity) + LIMITS.remembered) return { code: 'session_ended' };
  const verdict = refreshVerdict(model, token, byPage);
  if (verdict === 'session_ended') session.told.set(name, model.now);
  if (verdict === 'refresh_token_reused') session.endedAt = model.now;
  if (verdict === 'repeat') return { code: null, session };
  if (verdict !== null) return { code: verdict };
  rotate(model, session);
  return { code: null, session };
}

/** Signing out ends a session that has not been ended; it is never refused for coming late. */
export function signOut(model: Model, by: { access: AccessToken } | { refresh: RefreshToken }): Outcome {
  if ('refresh' in by) {
    const { session, reissues } = by.refresh;
    if (!session.purged && session.reissues - reissues <= 1) session.endedAt ??= model.now;
    return { code: null };
  }
  const verdict = accessVerdict(model, by.access);
  if (verdict !== null && verdict !== 'session_ended') return { code: verdict };
  if (!by.access.session.purged) by.access.session.endedAt ??= model.now;
  return { code: null };
}

/** `target`: null for a session that is nobody's. */
export function endDevice(model: Model, by: AccessToken, target: Session | null): Outcome {
  return asOwner(model, by, { recent: true }, () => {
    if (!target || target.purged || target.endedAt !== null) return { code: 'not_found' };
    target.endedAt = model.now;
    return { code: null };
  });
}

export function renameDevice(model: Model, by: AccessToken, target: Session | null): Outcome {
  return asOwner(model, by, {}, () => ({ code: target && isAlive(model, target) ? null : 'not_found' }));
}

export function endOthers(model: Model, by: AccessToken): Outcome {
  return asOwner(model, by, { recent: true }, () => {
    for (const session of liveSessions(model)) if (session !== by.session) session.endedAt = model.now;
    return { code: null };
  });
}

export function signOutEverywhere(model: Model, by: AccessToken): Outcome {
  return asOwner(model, by, {}, () => {
    model.floor = ++model.version;
    return { code: null };
  });
}

export function reauthenticate(model: Model, by: AccessToken, password: number): Outcome {
  return asOwner(model, by, {}, () => {
    if (password !== model.password) return { code: 'credentials_invalid' };
    return reissue(model, by.session);
  });
}

export function changePassword(model: Model, by: AccessToken, current: number, next: number): Outcome {
  return asOwner(model, by, {}, () => {
    if (current !== model.password) return { code: 'credentials_invalid' };
    if (!isAlive(model, by.session)) return { code: 'session_ended' };
    model.password = next;
    model.floor = ++model.version;
    by.session.version = model.version;
    return reissue(model, by.session);
  });
}

export function setRoles(model: Model, roles: string): void {
  if (model.deleted || roles === model.roles) return;
  model.roles = roles;
  model.version++;
}

export function renameAccount(model: Model, by: AccessToken): Outcome {
  return asOwner(model, by, {}, () => ({ code: null }));
}

export function deleteAccount(model: Model, by: AccessToken): Outcome {
  return asOwner(model, by, { recent: true }, () => {
    model.deleted = true;
    model.floor = ++model.version;
    return { code: null };
  });
}

/** What instances do by themselves: uses are written down, and sessions long dead are forgotten. */
export function housekeeping(model: Model): void {
  for (const session of liveSessions(model)) session.lastActiveAt = Math.max(session.lastActiveAt, session.usedAt);
  for (const session of model.sessions) {
    if ((session.endedAt ?? session.expiresAt) < model.now - LIMITS.retention) session.purged = true;
  }
}

/** A private route: the guard first, and whatever it lets pass is a use. */
function asOwner(model: Model, by: AccessToken, needs: { recent?: boolean }, act: () => Outcome): Outcome {
  const verdict = accessVerdict(model, by);
  if (verdict !== null) return { code: verdict };
  if (needs.recent && model.now - by.authenticatedAt > LIMITS.recentAuthentication) {
    return { code: 'reauthentication_required' };
  }
  by.session.usedAt = model.now;
  return act();
}

function reissue(model: Model, session: Session): Outcome {
  if (!isAlive(model, session)) return { code: 'session_ended' };
  session.version = model.version;
  session.authenticatedAt = model.now;
  session.reissues++;
  rotate(model, session);
  return { code: null, session };
}

function rotate(model: Model, session: Session): void {
  session.generation++;
  session.rotatedAt = model.now;
  session.lastActiveAt = model.now;
}
