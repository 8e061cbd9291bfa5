import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;

/** Object identifiers as DER has them: ecdsa-with-SHA256 (RFC 5758) and commonName (RFC 5280). */
const ECDSA_WITH_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');

/** A key and a certificate for it that nobody vouches for, made anew each time (RFC 5280 §4.1, version 1). */
export function selfSignedCertificate(): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, ECDSA_WITH_SHA256);
  const commonName = der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('portcullis.test')));
  const name = der(SEQUENCE, der(SET, commonName));
  const serial = der(INTEGER, Buffer.from([1]), randomBytes(8));
  const validity = der(SEQUENCE, time(-1), time(1));
  const subjectKey = publicKey.export({ type: 'spki', format: 'der' });
  const toBeSigned = der(SEQUENCE, serial, algorithm, name, validity, name, subjectKey);
  const signature = der(BIT_STRING, Buffer.from([0]), sign('sha256', toBeSigned, privateKey));
  const certificate = der(SEQUENCE, toBeSigned, algorithm, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

/** Tag, length, value (X.690 §8.1). */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

/** So many days from now. */
function time(days: number): Buffer {
  const digits = new Date(Date.now() + days * 86_400_000).toISOString().replace(/^..|\..*$|\D/g, '');
  return der(UTC_TIME, Buffer.from(`${digits}Z`));
}
