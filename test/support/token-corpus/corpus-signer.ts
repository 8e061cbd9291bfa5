import { createPublicKey, sign, type KeyObject } from 'node:crypto';

export interface CorpusOptions {
  privateKey: KeyObject;
  alg: 'ES256' | 'RS256';
  kid: string;
  issuer: string;
  audience: string;
  /** The claims of a token that is accepted at `now`. */
  claims: Record<string, unknown>;
  /** Unix seconds. */
  now: number;
}

export interface TokenCase {
  name: string;
  token: string;
  expect: 'token_invalid' | 'token_expired' | 'accepted';
  /** The line of the requirements that it tries. */
  requirement: string;
}

/** An object to be written as JSON, or a text that is to be signed as it stands. */
type Part = Record<string, unknown> | string;

export class CorpusSigner {
  readonly publicKey: KeyObject;

  constructor(readonly options: CorpusOptions) {
    this.publicKey = createPublicKey(options.privateKey);
  }

  /** The good header with some members changed; undefined removes one. */
  header(changes: Record<string, unknown> = {}): Record<string, unknown> {
    const { alg, kid } = this.options;
    return { alg, typ: 'at+jwt', kid, ...changes };
  }

  /** The good claims with some changed; undefined removes one. */
  claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return { ...this.options.claims, ...changes };
  }

  sign(header: Part = this.header(), claims: Part = this.claims(), key = this.options.privateKey): string {
    return this.signSegments(encode(header), encode(claims), key);
  }

  /** Signs two segments however they are encoded. */
  signSegments(header: string, payload: string, key = this.options.privateKey): string {
    const input = `${header}.${payload}`;
    const dsaEncoding = 'ieee-p1363';
    return `${input}.${sign('sha256', Buffer.from(input, 'latin1'), { key, dsaEncoding }).toString('base64url')}`;
  }
}

export function encode(part: Part | Buffer): string {
  if (Buffer.isBuffer(part)) return part.toString('base64url');
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** Cases that all end alike, by name. */
export function invalid(requirement: string, tokens: Record<string, string>): TokenCase[] {
  return Object.entries(tokens).map(([name, token]) => ({ name, token, expect: 'token_invalid', requirement }));
}
