import { Injectable } from '@nestjs/common';
import {
  checkClaims,
  checkHeader,
  decide,
  VerificationError,
  verifySignature,
  type AccessTokenClaims,
  type VerificationErrorCode,
  type VerificationKey,
} from '@portcullis/verifier';
import { ApplicationsService } from '../applications/applications.service.js';
import { Config } from '../config.js';
import { DatabaseInspection } from '../database/database-inspection.js';
import { KeysService } from '../keys/keys.service.js';
import { RevocationsInForceService, type RevocationInForce } from '../revocation/revocations-in-force.service.js';

/** The rules in the order in which a request meets them. */
export const ACCESS_TOKEN_RULES = ['header', 'signature', 'claims', 'deny-list'] as const;
export type AccessTokenRule = (typeof ACCESS_TOKEN_RULES)[number];

export interface AccessTokenInspection {
  /** What a request with it would get; null when it is accepted. */
  code: VerificationErrorCode | null;
  /** The first rule that refuses it, and what of it; null when it is accepted. */
  refusedBy: { rule: AccessTokenRule; because: string } | null;
  /** What the token says, whoever wrote it; null where it cannot be read. */
  header: Record<string, unknown> | null;
  claims: Record<string, unknown> | null;
  /** The line of the deny-list that refuses it. */
  revocation: RevocationInForce | null;
}

/** Says of an access token what a request with it would get now, and by which rule. Changes nothing. */
@Injectable()
export class AccessTokenInspectionService {
  constructor(
    private readonly config: Config,
    private readonly database: DatabaseInspection,
    private readonly keys: KeysService,
    private readonly applications: ApplicationsService,
    private readonly inForce: RevocationsInForceService,
  ) {}

  /** By the keys, the deny-list and the clock that the database has, not as this process knows them. */
  async inspect(token: string): Promise<AccessTokenInspection> {
    const [now] = await Promise.all([this.database.now(), this.keys.load(), this.applications.load()]);
    const said = { header: readSegment(token, 0), claims: readSegment(token, 1), revocation: null };
    let rule: AccessTokenRule = 'header';
    try {
      const key = checkHeader(token, this.keys.verificationKeys).key;
      rule = 'signature';
      verifySignature(token, key);
      rule = 'claims';
      const claims = checkClaims(token, {
        issuer: this.config.publicUrl,
        audience: this.applications.audiences(),
        now: now.getTime() / 1000,
      });
      return { ...said, ...(await this.decideOn(key, claims)) };
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      return { ...said, code: error.code, refusedBy: { rule, because: error.reason } };
    }
  }

  private async decideOn({ kid }: VerificationKey, claims: AccessTokenClaims) {
    const { lines, index } = await this.inForce.on([
      { kind: 'key', subject: kid },
      { kind: 'user', subject: claims.sub },
      { kind: 'application', subject: claims.client_id },
      { kind: 'session', subject: claims.sid },
      { kind: 'token', subject: claims.jti },
    ]);
    const code = decide({ kid, claims }, index);
    if (code === null) return { code, refusedBy: null, revocation: null };
    const revocation = lines.find((line) => refuses(line, code, claims)) ?? null;
    return { code, refusedBy: { rule: 'deny-list', because: BECAUSE[code] } as const, revocation };
  }
}

const BECAUSE = {
  token_revoked: 'the token, or the key that signed it, was taken back',
  session_ended: 'its session has ended',
  account_suspended: 'its account is suspended',
  application_disabled: 'its application is disabled',
  token_outdated: 'it is older than a change of its account or application',
} as const;

/** Whether it is this line that a refusal comes from. */
function refuses(line: RevocationInForce, code: keyof typeof BECAUSE, { ver, aver }: AccessTokenClaims): boolean {
  switch (code) {
    case 'token_revoked':
      return line.kind === 'key' || line.kind === 'token';
    case 'session_ended':
      return line.kind === 'session';
    case 'account_suspended':
      return line.kind === 'user' && line.suspended;
    case 'application_disabled':
      return line.kind === 'application' && line.suspended;
    case 'token_outdated': {
      const version = line.kind === 'user' ? ver : aver;
      return ['user', 'application'].includes(line.kind) && (line.minVersion ?? 0) > version;
    }
  }
}

/** An object in a segment, read as kindly as can be: to show it, not to believe it. */
function readSegment(token: string, place: number): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(token.split('.')[place] ?? '', 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
