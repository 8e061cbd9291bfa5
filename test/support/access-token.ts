import type { AccessTokenClaims } from '@portcullis/verifier';
import { KeysService } from '../../src/keys/keys.service.js';
import type { Device } from './device.js';
import type { Service } from './service.js';
import { CorpusSigner } from './token-corpus/corpus-signer.js';

export function headerOf(token: string): Record<string, unknown> {
  return decode(token, 0);
}

export function claimsOf(token: string): AccessTokenClaims {
  return decode(token, 1) as AccessTokenClaims;
}

/** Signs tokens with the very key of the service; the good ones are those of this device, from now on. */
export function signerOf(device: Device, now = Math.floor(Date.now() / 1000)): CorpusSigner {
  const { kid, algorithm, privateKey } = keysOf(device.service).signingKey();
  const claims = { ...claimsOf(device.accessToken), iat: now, exp: now + 600 };
  const { iss: issuer, aud } = claims;
  return new CorpusSigner({ privateKey, alg: algorithm, kid, issuer, audience: String(aud), claims, now });
}

export function keysOf(service: Service): KeysService {
  return service.app.get(KeysService, { strict: false });
}

function decode(token: string, segment: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[segment] ?? '', 'base64url').toString()) as Record<string, unknown>;
}
