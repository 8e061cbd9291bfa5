import { createHash, randomBytes, randomUUID, sign } from 'node:crypto';
import { encode, invalid, type CorpusSigner, type TokenCase } from './corpus-signer.js';

const MAX_TOKEN_LENGTH = 8192;

/** What a token is made of: segments, base64url, size, signature; and things that are not access tokens. */
export function formCases(signer: CorpusSigner): TokenCase[] {
  return [
    ...artefactCases(signer),
    ...segmentCases(signer),
    ...encodingCases(signer),
    ...signatureCases(signer),
    ...sizeCases(signer),
  ];
}

function artefactCases(signer: CorpusSigner): TokenCase[] {
  const { issuer, audience, kid, alg, now, claims } = signer.options;
  const times = { iss: issuer, sub: claims.sub, aud: audience, iat: now, exp: now + 600 };
  const event = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const secret = randomBytes(16).toString('base64url');
  return invalid('A6', {
    'an ID token': signer.sign({ alg, typ: 'JWT', kid }, { ...times, nonce: 'n', auth_time: now, at_hash: 'h' }),
    'an ID token under our typ': signer.sign(undefined, { ...times, nonce: 'n', auth_time: now, at_hash: 'h' }),
    'a logout token': signer.sign({ alg, typ: 'logout+jwt', kid }, { ...times, jti: 'j', events: event }),
    'a security event under our typ': signer.sign(undefined, { ...times, jti: 'j', events: event }),
    'a JWT refresh token': signer.sign(undefined, { ...times, jti: 'j', token_use: 'refresh' }),
    'a refresh token': `prt_k1.${randomUUID()}.1.${secret}.${createHash('sha256').update(secret).digest('base64url')}`,
    'a one-time token': randomBytes(32).toString('base64url'),
    'a UUID': randomUUID(),
  });
}

function segmentCases(signer: CorpusSigner): TokenCase[] {
  const token = signer.sign();
  const [header = '', payload = '', signature = ''] = token.split('.');
  const signatures = [{ protected: header, signature }];
  return invalid('A7', {
    'a word': 'token',
    'dots only': '..',
    'no header': `.${payload}.${signature}`,
    'no payload': `${header}..${signature}`,
    'no signature': `${header}.${payload}.`,
    'two segments': `${header}.${payload}`,
    'a dot before': `.${token}`,
    'a dot after': `${token}.`,
    'four segments': `${token}.${signature}`,
    'a JWE of five segments': `${encode({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt' })}..${secretPart()}.${payload}.${secretPart()}`,
    'a JWE of five full segments': `${header}.${secretPart()}.${secretPart()}.${payload}.${secretPart()}`,
    'general JSON serialization': JSON.stringify({ payload, signatures }),
    'flattened JSON serialization': JSON.stringify({ payload, protected: header, signature }),
    'detached payload': `${header}..${signature}`,
  });
}

function secretPart(): string {
  return randomBytes(16).toString('base64url');
}

function encodingCases(signer: CorpusSigner): TokenCase[] {
  const token = signer.sign();
  const [header = '', payload = '', signature = ''] = token.split('.');
  const [loose, looseClaims] = [withSpareBits(signer.header()), withSpareBits(signer.claims())];
  const broken = {
    'padded signature': `${token}==`,
    'standard base64': signer.signSegments(header, toBase64(signer.claims({ text: '>>>???' }))),
    'padded payload, signed so': signer.signSegments(header, `${looseClaims.segment}=`),
    'spare bits set in the header, signed so': signer.signSegments(loose.spoilt, payload),
    'spare bits set in the payload, signed so': signer.signSegments(header, looseClaims.spoilt),
    'spare bits set in the signature': `${header}.${payload}.${spoilLast(signature)}`,
    'a space within': `${header}. ${payload}.${signature}`,
    'a tab within': `${header}.${payload}\t.${signature}`,
    'a space in the signature': `${header}.${payload}.${signature.slice(0, 9)} ${signature.slice(9)}`,
    'a character outside the alphabet, signed so': signer.signSegments(header, `${payload}!`),
    'a lone character at the end, signed so': signer.signSegments(header, `${looseClaims.segment}AA`),
    'percent-encoded': `${header}%2E${payload}%2E${signature}`,
    'Bearer twice': `Bearer ${token}`,
  };
  return invalid('A7', broken);
}

/** A segment whose last character has two spare bits, and the same with one of them set: Node reads both alike. */
function withSpareBits(part: Record<string, unknown>): { segment: string; spoilt: string } {
  let filler = '';
  while (Buffer.byteLength(JSON.stringify({ ...part, filler })) % 3 !== 2) filler += 'x';
  const segment = encode({ ...part, filler });
  return { segment, spoilt: spoilLast(segment) };
}

/** Sets the lowest bit of the last character, which carries nothing. */
function spoilLast(segment: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return segment.slice(0, -1) + alphabet[alphabet.indexOf(segment.at(-1) ?? '') | 1];
}

function toBase64(claims: Record<string, unknown>): string {
  let text = JSON.stringify(claims);
  // Base64 and base64url differ only where a byte group makes a + or a /.
  for (let i = 0; !/[+/]/.test(Buffer.from(text).toString('base64')); i++) {
    text = JSON.stringify({ ...claims, text: '?'.repeat(i) });
  }
  return Buffer.from(text).toString('base64').replaceAll('=', '');
}

function signatureCases(signer: CorpusSigner): TokenCase[] {
  const { privateKey, alg, claims } = signer.options;
  const [header = '', payload = '', signature = ''] = signer.sign().split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const input = `${header}.${payload}`;
  const flipped = Buffer.from(bytes);
  flipped[9]! ^= 1;
  const promoted = encode({ ...claims, roles: ['admin'] });
  const cases: Record<string, string> = {
    'a bit of the signature flipped': `${input}.${encode(flipped)}`,
    'a signature too short': `${input}.${encode(bytes.subarray(0, -1))}`,
    'a signature too long': `${input}.${encode(Buffer.concat([bytes, Buffer.from([0])]))}`,
    // CVE-2022-21449: zero for both halves once verified everything.
    'a signature of zeros': `${input}.${encode(Buffer.alloc(bytes.length))}`,
    'claims changed after signing': `${header}.${promoted}.${signature}`,
    'header changed after signing': `${encode(signer.header({ hint: 1 }))}.${payload}.${signature}`,
  };
  if (alg === 'ES256') {
    cases['an ECDSA signature in DER'] = `${input}.${encode(sign('sha256', Buffer.from(input), privateKey))}`;
  }
  return invalid('A2', cases);
}

function sizeCases(signer: CorpusSigner): TokenCase[] {
  let filler = 'x'.repeat(MAX_TOKEN_LENGTH / 2);
  const sized = () => signer.sign(undefined, signer.claims({ filler }));
  while (sized().length < MAX_TOKEN_LENGTH - 500) filler += 'x'.repeat(300);
  let largest = sized();
  for (let token = largest; token.length <= MAX_TOKEN_LENGTH; token = sized()) {
    largest = token;
    filler += 'x';
  }
  return [
    { name: 'as large as a token may be', token: largest, expect: 'accepted', requirement: 'A8' },
    ...invalid('A8', {
      'one byte of payload larger': sized(),
      'twelve thousand characters': signer.sign(undefined, signer.claims({ filler: 'x'.repeat(8500) })),
      'twelve thousand dots': '.'.repeat(12_000),
      'deeply nested header': signer.sign(`${'['.repeat(2500)}${']'.repeat(2500)}`),
    }),
  ];
}
