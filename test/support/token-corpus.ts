import { claimCases } from './token-corpus/claim-cases.js';
import { formCases } from './token-corpus/form-cases.js';
import { headerCases } from './token-corpus/header-cases.js';
import { jsonCases } from './token-corpus/json-cases.js';
import { CorpusSigner, type CorpusOptions, type TokenCase } from './token-corpus/corpus-signer.js';

export type { CorpusOptions, TokenCase };

/**
 * Every way we know to make a wrong access token, and a few right ones: one corpus for the verifier on its own and for
 * a running server. All are signed with the good key unless the signature is the point, so that only the rule in
 * question can refuse them. Each can be sent as an HTTP header. Verdicts hold for two seconds from `now`, so that a
 * server with a real clock answers the same.
 */
export function tokenCorpus(options: CorpusOptions): TokenCase[] {
  const signer = new CorpusSigner(options);
  return [...headerCases(signer), ...formCases(signer), ...jsonCases(signer), ...claimCases(signer)];
}
