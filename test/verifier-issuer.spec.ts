import { createVerifier, type Verifier, type VerifierOptions } from '@portcullis/verifier';
import { type ServerResponse } from 'node:http';
import { signerOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { newBackend, type Backend } from './support/feed.js';
import { refusalBy } from './support/following.js';
import { serve } from './support/http-server.js';
import { poll } from './support/poll.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

const OTHER = 'http://127.0.0.1:3000';

let service: Service;
let backend: Backend;
const started: Verifier[] = [];

beforeAll(async () => {
  service = await startService();
  backend = await newBackend(service, 'account');
});
afterEach(() => started.forEach((verifier) => verifier.close()));
afterAll(() => service.stop());

function follow(options: Partial<VerifierOptions> = {}): Verifier {
  const verifier = createVerifier({
    issuer: PUBLIC_URL,
    audience: 'account',
    credentials: { id: 'account', secret: backend.secret },
    feed: `${service.url}/v1/revocations`,
    ...options,
  });
  started.push(verifier);
  return verifier;
}

test('a service that calls itself otherwise than `issuer` does not get ready, and the error says what to set', async () => {
  const errors: unknown[] = [];
  const verifier = follow({ issuer: OTHER, onError: (error) => errors.push(error) });
  const mismatch = {
    name: 'FeedError',
    code: 'issuer_mismatch',
    message: `issuer_mismatch: the service calls itself ${PUBLIC_URL}, not ${OTHER}: set issuer to ${PUBLIC_URL}, and feed to ${service.url}/v1/revocations if you reach it there only`,
  };
  await expect(verifier.ready()).rejects.toMatchObject(mismatch);
  expect(errors).toMatchObject([mismatch]);
  // For whoever did not wait: also after the service has confirmed its revocations.
  await poll(() => verifier.status.fresh);
  expect(verifier.status.error).toMatchObject(mismatch);
  expect(await refusalBy(verifier, (await Device.register(service)).accessToken)).toBe('token_invalid');
});

test('a slash at the end is another issuer, as it is in tokens', async () => {
  await expect(follow({ issuer: `${PUBLIC_URL}/` }).ready()).rejects.toMatchObject({ code: 'issuer_mismatch' });
});

test('how the service is reached does not matter, and what it calls itself is asked once', async () => {
  const asked: string[] = [];
  const fetch: VerifierOptions['fetch'] = (url, init) => {
    asked.push((url as URL).pathname);
    return globalThis.fetch(url, init);
  };
  const clock = { shift: 0, now: () => Date.now(), monotonic: () => performance.now() + clock.shift };
  const verifier = follow({ fetch, clock, maxStaleness: 3600 });
  await verifier.ready();
  const device = await Device.register(service);
  for (let i = 0; i < 100; i++) expect(await refusalBy(verifier, device.accessToken)).toBeNull();
  clock.shift = 11_000;
  await lookForAnotherKey(verifier, device);
  const count = (end: string) => asked.filter((path) => path.endsWith(end)).length;
  expect([count('/jwks.json'), count('/oauth-authorization-server')]).toEqual([2, 1]);
});

const without: Record<string, (response: ServerResponse) => unknown> = {
  'is not there': (response) => response.writeHead(404).end(),
  'is not known right now': (response) => response.writeHead(503).end(),
  'is a page': (response) => response.end('<html>'),
  'names no issuer': (response) => response.end('{"issuer":["https://id.example.test"]}'),
  redirects: (response) => response.writeHead(302, { location: '/' }).end(),
  'breaks off': (response) => response.destroy(),
  'never comes': () => undefined,
};

test.each(Object.entries(without))('metadata that %s keep no verifier from its start', async (_, answer) => {
  const served = await serve(answer);
  const errors: unknown[] = [];
  const verifier = follow({ metadata: served.url, onError: (error) => errors.push(error) });
  await verifier.ready();
  expect(await refusalBy(verifier, (await Device.register(service)).accessToken)).toBeNull();
  expect([errors, verifier.status.error]).toEqual([[], null]);
  verifier.close();
  await served.close();
});

test('metadata that are not to be compared are not asked for', async () => {
  let asked = 0;
  const fetch: VerifierOptions['fetch'] = (url, init) => {
    if (String(url).includes('oauth-authorization-server')) asked += 1;
    return globalThis.fetch(url, init);
  };
  await follow({ issuer: OTHER, metadata: false, fetch }).ready();
  expect(asked).toBe(0);
});

test('a service whose PUBLIC_URL was mended is believed at the next look at its keys', async () => {
  let named = OTHER;
  const served = await serve((response) => response.end(JSON.stringify({ issuer: named })));
  const clock = { shift: 0, now: () => Date.now(), monotonic: () => performance.now() + clock.shift };
  const verifier = follow({ metadata: served.url, clock, maxStaleness: 3600 });
  await expect(verifier.ready()).rejects.toMatchObject({ code: 'issuer_mismatch' });
  named = PUBLIC_URL;
  clock.shift = 11_000;
  await lookForAnotherKey(verifier, await Device.register(service));
  await poll(() => verifier.status.error === null);
  await verifier.ready();
  verifier.close();
  await served.close();
});

/** A token of a key that nobody published has the verifier read the keys anew. */
async function lookForAnotherKey(verifier: Verifier, device: Device): Promise<void> {
  const signer = signerOf(device);
  const token = signer.sign({ ...signer.header(), kid: 'of-nobody' }, signer.claims());
  expect(await refusalBy(verifier, token)).toBe('token_invalid');
}
