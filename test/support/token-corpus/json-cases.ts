import { encode, invalid, type CorpusSigner, type TokenCase } from './corpus-signer.js';

/** What the text of a header or a payload may not be, though it is signed with the good key. */
export function jsonCases(signer: CorpusSigner): TokenCase[] {
  return [...duplicateCases(signer), ...textCases(signer)];
}

/** Two values under one name: whoever reads the other one sees another token. */
function duplicateCases(signer: CorpusSigner): TokenCase[] {
  const { alg, kid } = signer.options;
  const header = JSON.stringify(signer.header());
  const claims = JSON.stringify(signer.claims());
  const again = (text: string, member: string) => `{${member},${text.slice(1)}`;
  const after = (text: string, member: string) => `${text.slice(0, -1)},${member}}`;
  return invalid('A9', {
    'alg twice, none first': signer.sign(again(header, '"alg":"none"')),
    'alg twice, alike': signer.sign(after(header, `"alg":"${alg}"`)),
    'typ twice': signer.sign(again(header, '"typ":"JWT"')),
    'kid twice': signer.sign(again(header, '"kid":"another"')),
    'kid twice, one escaped': signer.sign(after(header, `"\\u006bid":"${kid}"`)),
    'sub twice, another first': signer.sign(undefined, again(claims, '"sub":"someone-else"')),
    'sub twice, another last': signer.sign(undefined, after(claims, `"sub":"someone-else"`)),
    'sub twice, alike': signer.sign(undefined, after(claims, `"sub":${JSON.stringify(signer.options.claims.sub)}`)),
    'roles twice': signer.sign(undefined, again(claims, '"roles":["admin"]')),
    'exp twice': signer.sign(undefined, again(claims, '"exp":4102444800')),
    'ver twice, one escaped': signer.sign(undefined, after(claims, '"v\\u0065r":9007199254740991')),
    'duplicates deep inside': signer.sign(undefined, after(claims, '"deep":[{"a":1,"a":2}]')),
    '__proto__ twice': signer.sign(undefined, after(claims, '"__proto__":{"a":1},"__proto__":{"a":2}')),
  });
}

function textCases(signer: CorpusSigner): TokenCase[] {
  const claims = JSON.stringify(signer.claims());
  const raw = (bytes: Buffer) => signer.signSegments(encode(signer.header()), encode(bytes));
  const values = [
    'null',
    'true',
    '1',
    '"text"',
    '[]',
    `[${claims}]`,
    '{}',
    '',
    '{',
    `${claims}x`,
    `${claims}${claims}`,
  ];
  return [
    ...values.flatMap((text) => [
      ...invalid('A7', { [`payload ${text.slice(0, 20)} (${text.length})`]: signer.sign(undefined, text) }),
      ...invalid('A7', { [`header ${text.slice(0, 20)} (${text.length})`]: signer.sign(text) }),
    ]),
    ...invalid('A7', {
      'white space in the payload': signer.sign(undefined, JSON.stringify(signer.claims(), null, 1)),
      'white space in the header': signer.sign(JSON.stringify(signer.header(), null, 1)),
      'white space around the payload': signer.sign(undefined, ` ${claims}\n`),
      'a byte order mark': signer.sign(undefined, `\ufeff${claims}`),
      'broken UTF-8': raw(Buffer.concat([Buffer.from(claims.slice(0, -2)), Buffer.from([0xff]), Buffer.from('"]}')])),
      'UTF-16': raw(Buffer.from(claims, 'utf16le')),
      'a NUL at the end': signer.sign(undefined, `${claims}\0`),
      'a comment': signer.sign(undefined, `${claims.slice(0, -1)}/* */}`),
      'a number beyond a double': signer.sign(undefined, claims.replace(/"exp":\d+/, '"exp":1e999')),
      'a number written another way': signer.sign(undefined, claims.replace(/"exp":(\d+)/, '"exp":$1.0')),
    }),
  ];
}
