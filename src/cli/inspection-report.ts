import { errorEntry, type ErrorCode } from '../common/errors/error-catalogue.js';
import type { SigningKeyView } from '../keys/key-administration.service.js';
import type { RefreshFinding, RefreshInspection } from '../sessions/refresh-inspection.service.js';
import { ACCESS_TOKEN_RULES, type AccessTokenInspection } from '../tokens/access-token-inspection.service.js';
import { columns } from './columns.js';
import type { Account } from './person.js';
import { shown } from './shown.js';

/** Whom a token names, as the tables know them. */
export interface Bearer {
  account: Account | null;
  /** Why its session is over; null while it is alive, `unknown` when there is none. */
  sessionEnd: string | null;
}

/** Whether it is no token at all: neither its header nor its claims can be read. */
export function isUnreadable({ header, claims }: AccessTokenInspection): boolean {
  return header === null && claims === null;
}

export function describeAccessToken(
  inspection: AccessTokenInspection,
  key: SigningKeyView | null,
  bearer: Bearer,
): string[] {
  const { claims, code, revocation, refusedBy } = inspection;
  if (isUnreadable(inspection)) {
    return [
      `It is no token of this service (${refusedBy?.because}).`,
      'An access token has three parts with a dot between them; a refresh token begins with prt_.',
      conclusion(code, 'A request with it'),
    ];
  }
  return [
    'An access token.',
    ...indented([
      ...(claims === null ? [['claims', 'cannot be read']] : claimRows(claims, bearer)),
      [
        'key',
        key === null ? `${shown(inspection.header?.['kid'])}: there is no such key` : `${key.kid}, ${key.status}`,
      ],
    ]),
    'The rules, in their order:',
    ...indented(ruleRows(inspection)),
    ...(revocation === null
      ? []
      : [`By ${shown(revocation.actor)} at ${revocation.createdAt}, because: ${shown(revocation.reason)}.`]),
    conclusion(code, 'A request with it'),
  ];
}

export function describeRefreshToken({ finding, code, token, session }: RefreshInspection, bearer: Bearer): string[] {
  const rows: string[][] = [];
  if (token) rows.push(['session', token.sessionId], ['generation', String(token.generation)], ['key', token.keyId]);
  if (session) {
    rows.push(['account', bearer.account?.email ?? session.userId], ['for', session.applicationId]);
    rows.push(['delivery', session.delivery]);
    if (session.generation !== null) rows.push(['current one', `generation ${session.generation}`]);
  }
  const because = session?.endReason ? `${FINDINGS[finding]} (${session.endReason})` : FINDINGS[finding];
  return ['A refresh token.', ...indented(rows), `${because}.`, conclusion(code, 'A refresh with it')];
}

const FINDINGS: Record<RefreshFinding, string> = {
  malformed: 'It is not in the form of a refresh token: cut, extended, or altered on the way',
  unknown_key:
    'It was made with a key that is not among REFRESH_TOKEN_KEYS: the key was taken away, or it is of another service',
  unknown_session: 'Its session is not in the table: it was purged, or is from the lost future of a restored backup',
  forged: 'Its mac is not ours: it was altered, or belongs to another application or another way of delivery',
  invalid: 'It belongs to before the last re-issue (a password change, a proof of who one is)',
  ahead: 'It is ahead of the database: a backup was restored, and the token is from the lost future',
  suspended: 'Its account is suspended',
  disabled: 'Its application is disabled',
  ended: 'Its session is over',
  reused: 'It was replaced by a later one: presenting it is what a stolen copy looks like, and ends the session',
  rotate: 'It is the current one',
  repeat: 'Its session was refreshed a moment ago, within REFRESH_GRACE: it gets the current token once more',
};

function claimRows(claims: Record<string, unknown>, { account, sessionEnd }: Bearer): string[][] {
  const ends = sessionEnd === null ? 'alive' : sessionEnd === 'unknown' ? 'no such session' : `over: ${sessionEnd}`;
  return [
    [
      'account',
      account ? `${account.email ?? account.id}, ${account.status}` : `${shown(claims['sub'])}: no such account`,
    ],
    ['session', `${shown(claims['sid'])}, ${ends}`],
    ['for', `${shown(claims['client_id'])}, audience ${shown(claims['aud'])}`],
    ['issuer', shown(claims['iss'])],
    ['jti', shown(claims['jti'])],
    ['issued', timeOf(claims['iat'])],
    ['expires', timeOf(claims['exp'])],
    ['versions', `account ${shown(claims['ver'])}, application ${shown(claims['aver'])}`],
    ['roles', shown(claims['roles'])],
    ['proved', `${timeOf(claims['auth_time'])}, by ${shown(claims['amr'])}`],
  ];
}

function ruleRows({ refusedBy }: AccessTokenInspection): string[][] {
  const place = refusedBy === null ? ACCESS_TOKEN_RULES.length : ACCESS_TOKEN_RULES.indexOf(refusedBy.rule);
  return ACCESS_TOKEN_RULES.map((rule, at) => {
    if (at < place) return [rule, 'fine'];
    return [rule, at === place ? `REFUSES: ${refusedBy!.because}` : 'not asked any more'];
  });
}

function conclusion(code: ErrorCode | null, subject: string): string {
  if (code === null) return `${subject} is accepted.`;
  const { status, detail } = errorEntry(code);
  return `${subject} gets ${status} ${code}. ${detail}`;
}

function indented(rows: string[][]): string[] {
  return columns(rows).map((line) => `  ${line}`);
}

function timeOf(value: unknown): string {
  const date = typeof value === 'number' ? new Date(value * 1000) : null;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : shown(value);
}
