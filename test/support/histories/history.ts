import { randomUUID } from 'node:crypto';
import { RefreshRepository } from '../../../src/sessions/refresh.repository.js';
import { hashSecret, parseRefreshToken } from '../../../src/sessions/refresh-token.js';
import { judgeRefresh } from '../../../src/sessions/refresh-verdict.js';
import { SessionsService } from '../../../src/sessions/sessions.service.js';
import { setCookies } from '../browser.js';
import { FROM_OWN_PAGE, newEmail, send, type Answer, type RequestOptions } from '../device.js';
import { changeAccount } from '../operator.js';
import type { FrozenService } from './frozen-service.js';
import * as model from './model.js';
import type { Step } from './steps.js';

/** A token as the model knows it and as the service wrote it. */
interface Known<Token> {
  token: Token;
  text: string;
}

/** Tokens asked about after each step: half of them the newest, half the oldest. */
const SAMPLE = 6;

const COOKIE = '__Host-portcullis-account';

const STATUSES: Record<string, number> = { not_found: 404 };

/** One account's history, lived through by the service and by the model, which must agree at each step. */
export class History {
  private readonly expected = model.newModel();
  private readonly access: Known<model.AccessToken>[] = [];
  private readonly refresh: Known<model.RefreshToken>[] = [];
  private readonly email = newEmail();
  private readonly startMs: number;
  private userId = '';
  private passwords = 0;

  constructor(private readonly service: FrozenService) {
    this.startMs = service.startMs + service.db.shiftSeconds * 1000;
  }

  async run(steps: Step[]): Promise<void> {
    await this.register();
    for (const step of steps) {
      await this.take(step);
      await this.compare();
    }
    await this.presentAll();
  }

  private async register(): Promise<void> {
    const body = { email: this.email, password: phrase(0), delivery: 'body' };
    const answer = await this.ask('/v1/auth/register', { body });
    this.userId = answer.body.user.id;
    this.learn(model.signIn(this.expected, { browser: false, remembered: false }, 0), answer);
  }

  private async take(step: Step): Promise<void> {
    const { expected } = this;
    switch (step.do) {
      case 'wait':
        await this.service.advance(step.seconds);
        expected.now += step.seconds;
        return;
      case 'housekeeping':
        await this.service.housekeeping();
        return model.housekeeping(expected);
      case 'set roles':
        // Of an account that was deleted it says that there is none.
        await changeAccount(this.service, this.userId, { roles: step.roles ? [step.roles] : [] }).catch(
          () => undefined,
        );
        return model.setRoles(expected, step.roles);
      case 'sign in':
        return this.signIn({ ...step, remembered: step.remember }, step.right ? expected.password : -1);
      case 'sign out':
        return this.signOut(step.by, step.token);
      case 'refresh':
        return this.burst(newest(this.refresh, step.token), step.times, step.script);
      case 'refresh, malformed':
        return this.malformed(newest(this.refresh, step.token));
      default:
        return this.act(step, newest(this.usable(step.usable), step.by));
    }
  }

  private async signIn(device: model.Device, password: number): Promise<void> {
    const { browser, remembered: remember } = device;
    const delivery = browser ? 'cookie' : 'body';
    const body = { email: this.email, password: phrase(password), delivery, remember };
    const request = { body, headers: browser ? FROM_OWN_PAGE : {} };
    this.learn(model.signIn(this.expected, device, password), await this.ask('/v1/auth/login', request));
  }

  private async signOut(by: 'access token' | 'refresh token', place: number): Promise<void> {
    const path = '/v1/auth/logout';
    if (by === 'access token') {
      const { token, text } = newest(this.access, place);
      const outcome = model.signOut(this.expected, { access: token });
      return this.learn(outcome, await this.ask(path, { method: 'POST', token: text }));
    }
    const known = newest(this.refresh, place);
    const outcome = model.signOut(this.expected, { refresh: known.token });
    this.learn(outcome, await this.ask(path, bearing(known)));
  }

  private async malformed({ token, text }: Known<model.RefreshToken>): Promise<void> {
    const answer = await this.ask('/v1/auth/refresh', bearing({ token, text: `${text}A` }));
    this.learn({ code: 'refresh_token_invalid' }, answer);
  }

  /** The same refresh `times` at once: the answers are those of as many calls in a row, in any order. */
  private async burst(known: Known<model.RefreshToken>, times: number, script = false): Promise<void> {
    const { token, text } = known;
    const byPage = token.session.browser && !script;
    const outcomes = Array.from({ length: times }, () => model.refresh(this.expected, token, byPage));
    const request = bearing(known, script);
    const answers = await Promise.all(outcomes.map(() => this.ask('/v1/auth/refresh', request)));
    const codes = answers.map(({ code }) => code);
    if (outcomes[0]!.code === 'refresh_token_reused') {
      // Of many that find the same replay, several may have found it before one of them ended the session.
      expect(codes).toContain('refresh_token_reused');
      return expect(['refresh_token_reused', 'session_ended']).toEqual(expect.arrayContaining([...new Set(codes)]));
    }
    answers.forEach((answer, index) => this.learn(outcomes[index]!, answer, text));
  }

  /** The access tokens that the guard lets pass, if that is wanted and there are any; else all. */
  private usable(wanted: boolean): Known<model.AccessToken>[] {
    const usable = this.access.filter(({ token }) => model.accessVerdict(this.expected, token) === null);
    return wanted && usable.length > 0 ? usable : this.access;
  }

  /** What a device does with its access token. */
  private async act(step: Extract<Step, { by: number }>, { token, text }: Known<model.AccessToken>): Promise<void> {
    const { expected } = this;
    const target = 'device' in step && step.device !== 'unknown' ? newest(expected.sessions, step.device) : null;
    const device = `/v1/sessions/${target?.id ?? randomUUID()}`;
    const password = 'right' in step && step.right ? expected.password : -1;
    const call = async (outcome: model.Outcome, path: string, options: RequestOptions = { method: 'POST' }) =>
      this.learn(outcome, await this.ask(path, { token: text, ...options }));
    switch (step.do) {
      case 'sign out everywhere':
        return call(model.signOutEverywhere(expected, token), '/v1/auth/logout-all');
      case 'end a device':
        return call(model.endDevice(expected, token, target), device, { method: 'DELETE' });
      case 'name a device':
        return call(model.renameDevice(expected, token, target), device, { method: 'PATCH', body: { name: 'Mine' } });
      case 'end the others':
        return call(model.endOthers(expected, token), '/v1/sessions?except=current', { method: 'DELETE' });
      case 'change the password': {
        const next = ++this.passwords;
        const body = { currentPassword: phrase(password), newPassword: phrase(next) };
        return call(model.changePassword(expected, token, password, next), '/v1/auth/password', { body });
      }
      case 'reauthenticate': {
        const body = { password: phrase(password) };
        return call(model.reauthenticate(expected, token, password), '/v1/auth/reauthenticate', { body });
      }
      case 'name the account':
        return call(model.renameAccount(expected, token), '/v1/users/me', { method: 'PATCH', body: { name: 'Ada' } });
      case 'delete the account':
        return call(model.deleteAccount(expected, token), '/v1/users/me', { method: 'DELETE' });
    }
  }

  /**
   * Compares an answer with what the model foresaw, and remembers the tokens in it. `sent`: the refresh token that was
   * presented, which a browser is not sent again.
   */
  private learn({ code, session }: model.Outcome, answer: Answer, sent?: string): void {
    const refused = code === null ? false : (STATUSES[code] ?? 401);
    expect({ refused: answer.status >= 300 && answer.status, code: answer.code }).toEqual({ refused, code });
    if (!session) return;
    session.id ||= answer.body.session.id;
    expect(answer.body.session.id).toBe(session.id);
    const { access, refresh } = model.tokensOf(this.expected, session);
    expect(answer.body.expiresIn).toBe(access.expiresAt - this.expected.now);
    this.access.push({ token: access, text: answer.body.accessToken });
    const inCookie = setCookies(answer).find(({ name }) => name === COOKIE)?.value;
    if (session.browser) expect(inCookie).not.toBe(sent);
    const text: string = session.browser ? (inCookie ?? sent) : answer.body.refreshToken;
    const known = this.refresh.find((one) => one.text === text);
    if (known) expect(known.token).toEqual(refresh);
    else this.refresh.push({ token: refresh, text });
  }

  /** Everything that can be asked without changing anything. */
  private async compare(): Promise<void> {
    const { expected } = this;
    for (const { token, text } of sample(this.access)) {
      const { code } = await this.ask('/v1/sessions/current', { token: text });
      expect({ token, code }).toEqual({ token, code: model.currentVerdict(expected, token) });
    }
    for (const { token, text } of sample(this.refresh)) {
      expect({ token, code: await this.peek(token, text) }).toEqual({
        token,
        code: model.refreshVerdict(expected, token),
      });
    }
    const { items } = await this.service.app.get(SessionsService).list(this.userId, '', { limit: 100 });
    const listed = items.map(({ id, lastActiveAt, idleExpiresAt }) => ({
      id,
      used: this.seconds(lastActiveAt),
      idleEnd: this.seconds(idleExpiresAt),
    }));
    const live = model.liveSessions(expected).map((session) => {
      const used = Math.max(session.lastActiveAt, session.usedAt);
      return { id: session.id, used, idleEnd: Math.min(used + model.idleOf(session), session.expiresAt) };
    });
    expect(listed.toSorted(byId)).toEqual(live.toSorted(byId));
  }

  /** What a refresh would say, without doing it. */
  private async peek({ session: { browser } }: model.RefreshToken, text: string): Promise<string | null> {
    const binding = { applicationId: 'account', delivery: browser ? ('cookie' as const) : ('body' as const) };
    const { secret, ...token } = parseRefreshToken(text, binding, this.service.config.refreshTokenKeys)!;
    const presented = { ...binding, ...token, secretHash: hashSecret(secret), byBrowser: browser };
    const found = await this.service.app.get(RefreshRepository).find(presented);
    const verdict = judgeRefresh(presented, found?.evidence ?? null);
    if (verdict === 'rotate') return null;
    return (
      { invalid: 'refresh_token_invalid', ended: 'session_ended', reused: 'refresh_token_reused' }[verdict as string] ??
      verdict
    );
  }

  /** At the end every refresh token is presented, the newest first and then all again: none may be left undecided. */
  private async presentAll(): Promise<void> {
    const presented = this.refresh.toReversed();
    for (const known of [...presented, ...presented]) await this.burst(known, 1);
    await this.compare();
  }

  private seconds(time: string): number {
    return (Date.parse(time) - this.startMs) / 1000;
  }

  /** Asks again where the service, short of processor time, could not make sure of revocations within its second. */
  private async ask(path: string, options: RequestOptions): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const answer = await send(this.service, path, options);
      if (answer.code !== 'revocation_unavailable' || tries === 5) return answer;
    }
  }
}

/** What a request with this refresh token has: by a browser's page, or by a script that has its cookie. */
function bearing({ token, text }: Known<model.RefreshToken>, script = false): RequestOptions {
  if (!token.session.browser) return { body: { refreshToken: text } };
  const { origin } = FROM_OWN_PAGE;
  return { body: {}, headers: { ...(script ? { origin } : FROM_OWN_PAGE), cookie: `${COOKIE}=${text}` } };
}

/** The one `back` places before the newest; past the oldest it begins again. */
function newest<T>(list: T[], back: number): T {
  return list.at(-1 - (back % list.length))!;
}

function sample<T>(list: T[]): T[] {
  return list.length <= SAMPLE ? list : [...list.slice(0, SAMPLE / 2), ...list.slice(-SAMPLE / 2)];
}

/** The password with this number; -1 is never the right one. */
function phrase(number: number): string {
  return `history password number ${number}`;
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}
