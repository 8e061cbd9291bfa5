import { createHmac, generateKeyPairSync } from 'node:crypto';
import { encode, type CorpusSigner, type TokenCase } from './corpus-signer.js';

/** What a header can claim: another type, another algorithm, another key. */
export function headerCases(signer: CorpusSigner): TokenCase[] {
  return [
    ...typeCases(signer),
    ...algorithmCases(signer),
    ...hmacCases(signer),
    ...embeddedKeyCases(signer),
    ...kidCases(signer),
    ...parameterCases(signer),
  ];
}

function typeCases(signer: CorpusSigner): TokenCase[] {
  const types = [undefined, null, '', 1, ['at+jwt'], 'JWT', 'jwt', 'AT+JWT', 'at+JWT', 'at+jwt ', 'at+jwt;v=1'];
  const others = ['application/at+jwt', 'logout+jwt', 'secevent+jwt', 'dpop+jwt', 'token-introspection+jwt', 'rt+jwt'];
  return [...types, ...others].map((typ) => ({
    name: `typ ${JSON.stringify(typ)}`,
    token: signer.sign(signer.header({ typ })),
    expect: 'token_invalid',
    requirement: typ === undefined ? 'A1' : 'A6',
  }));
}

function algorithmCases(signer: CorpusSigner): TokenCase[] {
  const { alg } = signer.options;
  const other = alg === 'ES256' ? 'RS256' : 'ES256';
  const unsigned = ['none', 'None', 'NONE', 'nOnE', 'none ', ''].flatMap((none) => {
    const signed = signer.sign(signer.header({ alg: none }));
    const [header, payload] = signed.split('.');
    return [
      { name: `alg ${JSON.stringify(none)}, no signature`, token: `${header}.${payload}.` },
      { name: `alg ${JSON.stringify(none)}, no third segment`, token: `${header}.${payload}` },
      { name: `alg ${JSON.stringify(none)}, signed`, token: signed },
    ];
  });
  const wrong = [undefined, null, 256, [alg], alg.toLowerCase(), `${alg[0]}s256`, `${alg} `, other, 'PS256', 'ES384'];
  const spelled = [...wrong, 'ES256K', 'EdDSA', 'HS256'].map((spelling) => ({
    name: `alg ${JSON.stringify(spelling)}, signed`,
    token: signer.sign(signer.header({ alg: spelling })),
  }));
  return [...unsigned, ...spelled].map((one) => ({ ...one, expect: 'token_invalid', requirement: 'A2' }));
}

/** Signed by anyone who can read our public key, if a verifier takes it for an HMAC secret. */
function hmacCases(signer: CorpusSigner): TokenCase[] {
  const pem = signer.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const secrets: [string, string | Buffer][] = [
    ['PEM', pem],
    ['PEM without the last line break', pem.trimEnd()],
    ['DER', signer.publicKey.export({ type: 'spki', format: 'der' })],
    ['JWK', JSON.stringify(signer.publicKey.export({ format: 'jwk' }))],
    ['an empty secret', ''],
  ];
  return ['HS256', 'HS384', 'HS512'].flatMap((alg) =>
    secrets.map(([form, secret]): TokenCase => {
      const input = `${encode(signer.header({ alg }))}.${encode(signer.claims())}`;
      const mac = createHmac(`sha${alg.slice(2)}`, secret)
        .update(input)
        .digest('base64url');
      return { name: `${alg} with ${form}`, token: `${input}.${mac}`, expect: 'token_invalid', requirement: 'A2' };
    }),
  );
}

/** A stranger's key in the header, once signed by the stranger and once by us: it is not even looked at. */
function embeddedKeyCases(signer: CorpusSigner): TokenCase[] {
  const { alg } = signer.options;
  const stranger =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...stranger.publicKey.export({ format: 'jwk' }), alg, kid: signer.options.kid };
  const headers: Record<string, unknown>[] = [
    { jwk },
    { jku: 'https://attacker.example/jwks.json' },
    { x5u: 'https://attacker.example/certificate.pem' },
    { x5c: [stranger.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
    { jku: 'file:///etc/passwd' },
    { jwk: null },
  ];
  const cases = headers.flatMap((header) => {
    const name = JSON.stringify(header).slice(0, 30);
    return [
      { name: `${name} of a stranger`, token: signer.sign(signer.header(header), undefined, stranger.privateKey) },
      { name: `${name} with no kid`, token: signer.sign(signer.header({ ...header, kid: undefined })) },
      { name: `${name} signed by us`, token: signer.sign(signer.header(header)) },
    ];
  });
  const forged = { name: 'signed by a stranger', token: signer.sign(undefined, undefined, stranger.privateKey) };
  return [...cases, forged].map((one) => ({ ...one, expect: 'token_invalid', requirement: 'A3' }));
}

function kidCases(signer: CorpusSigner): TokenCase[] {
  const { kid } = signer.options;
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' ', `${kid} `, `${kid}x`, kid.slice(1)];
  const paths = ['../../../../dev/null', '/etc/passwd', 'file:///dev/null', 'https://attacker.example/key', '%00'];
  const commands = ["' OR '1'='1", `${kid}'; drop table signing_keys; --`, "x' UNION SELECT 'key", '$(id)', '${7*7}'];
  const kids = [undefined, null, 0, true, [kid], { kid }, ...names, ...paths, ...commands, 'k'.repeat(4000)];
  return kids.map((wrong) => ({
    name: `kid ${JSON.stringify(wrong)?.slice(0, 40)}`,
    token: signer.sign(signer.header({ kid: wrong })),
    expect: 'token_invalid',
    requirement: 'A4',
  }));
}

function parameterCases(signer: CorpusSigner): TokenCase[] {
  const forbidden: Record<string, unknown>[] = [
    { crit: ['exp'], exp: 1 },
    { crit: ['b64'], b64: false },
    { crit: ['https://example.com/unknown'], 'https://example.com/unknown': true },
    { crit: [] },
    { crit: null },
    { b64: false },
    { b64: true },
    { zip: 'DEF' },
    { enc: 'A256GCM' },
  ];
  const cases = forbidden.map((header): TokenCase => ({
    name: `header ${JSON.stringify(header)}`,
    token: signer.sign(signer.header(header)),
    expect: 'token_invalid',
    requirement: 'A7',
  }));
  return [
    ...cases,
    // RFC 7515 §4: what is not understood and not critical is ignored.
    {
      name: 'a header parameter that nobody knows',
      token: signer.sign(signer.header({ 'example.com/hint': 'x' })),
      expect: 'accepted',
      requirement: 'A7',
    },
  ];
}
