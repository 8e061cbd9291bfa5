import { Injectable } from '@nestjs/common';
import type { ErrorCode } from '../common/errors/error-catalogue.js';
import { Config } from '../config.js';
import {
  hashSecret,
  parseRefreshToken,
  parseRefreshTokenOf,
  readRefreshToken,
  type RefreshToken,
  type RefreshTokenBinding,
} from './refresh-token.js';
import { judgeRefresh, type RefreshVerdict } from './refresh-verdict.js';
import { RefreshRepository } from './refresh.repository.js';
import type { SessionGrant } from './session-grant.js';

/** The verdict of the refresh itself, or why it does not come to one. */
export type RefreshFinding = RefreshVerdict | 'malformed' | 'unknown_key' | 'unknown_session' | 'forged';

export interface RefreshInspection {
  finding: RefreshFinding;
  /** What a refresh with it would get; null when it gets new tokens. */
  code: ErrorCode | null;
  /** What the token says of itself; null when it cannot be read. Its secret is not among it. */
  token: { keyId: string; sessionId: string; generation: number } | null;
  /** Of the session it names, where there is one. */
  session: (RefreshTokenBinding & { userId: string; generation: number | null; endReason: string | null }) | null;
}

const CODES: Record<RefreshFinding, ErrorCode | null> = {
  malformed: 'refresh_token_invalid',
  unknown_key: 'refresh_token_invalid',
  unknown_session: 'refresh_token_invalid',
  forged: 'refresh_token_invalid',
  invalid: 'refresh_token_invalid',
  ahead: 'refresh_token_invalid',
  suspended: 'account_suspended',
  disabled: 'application_disabled',
  ended: 'session_ended',
  reused: 'refresh_token_reused',
  rotate: null,
  repeat: null,
};

/** Says of a refresh token what it would get now, and why. Changes nothing: no counter moves, no session ends. */
@Injectable()
export class RefreshInspectionService {
  constructor(
    private readonly config: Config,
    private readonly refreshes: RefreshRepository,
  ) {}

  async inspect(text: string): Promise<RefreshInspection> {
    const token = readRefreshToken(text);
    if (!token) return found('malformed', null, null);
    const keys = this.config.refreshTokenKeys;
    if (!keys.some(({ id }) => id === token.keyId)) return found('unknown_key', token, null);
    const binding = await this.refreshes.findBinding(token.sessionId);
    if (!binding) return found('unknown_session', token, null);
    const parsed = parseRefreshToken(text, binding, keys);
    if (!parsed) return found('forged', token, { ...binding, generation: null, endReason: null });

    const { finding, session } = await this.judge({ ...parsed, ...binding });
    const generation = session?.evidence.generation ?? null;
    return found(finding, token, { ...binding, generation, endReason: session?.endReason ?? null });
  }

  /** The session that a refresh with the token would go on with now; null when the application would get none for it. */
  async findUsable(text: string, applicationId: string): Promise<SessionGrant | null> {
    const parsed = parseRefreshTokenOf(applicationId, text, this.config.refreshTokenKeys);
    if (!parsed) return null;
    const { finding, session } = await this.judge(parsed);
    return session && CODES[finding] === null ? session.grant : null;
  }

  private async judge(token: RefreshToken & RefreshTokenBinding) {
    // Browsers have theirs in a cookie, everyone else in the body.
    const byBrowser = token.delivery === 'cookie';
    const presented = { ...token, secretHash: hashSecret(token.secret), byBrowser };
    const session = await this.refreshes.find(presented);
    return { finding: judgeRefresh(presented, session?.evidence ?? null), session };
  }
}

function found(
  finding: RefreshFinding,
  token: RefreshInspection['token'],
  session: RefreshInspection['session'],
): RefreshInspection {
  return { finding, code: CODES[finding], token, session };
}
