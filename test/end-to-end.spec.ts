import type { Verifier } from '@portcullis/verifier';
import { protect } from '@portcullis/verifier/express';
import express, { type Express } from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeBlocks, readPage, sectionOf } from './docs-pages.js';
import { addApplication, registerAt } from './support/applications.js';
import { Browser } from './support/browser.js';
import { newEmail, PASSWORD, send } from './support/device.js';
import { newBackend } from './support/feed.js';
import { followed, startVerifier } from './support/following.js';
import { startFrontEnd, type FrontEnd } from './support/front-end-proxy.js';
import { startService, type Service } from './support/service.js';

/** What docs/front-end.md says from end to end: pages, the service and an API, of three addresses. */
const PAGES = 'https://shop.example.net';
const SHOP = { applicationId: 'shop' };

let service: Service;
let verifier: Verifier;
let api: { url: string };
let apart: { url: string };
let pages: FrontEnd;
const servers: Server[] = [];

beforeAll(async () => {
  service = await startService({ env: { TRUST_PROXY: 'loopback' } });
  await addApplication(service, { id: 'shop', origins: [PAGES] });
  verifier = await startVerifier(service, { backend: await newBackend(service, 'shop') });
  api = await listen((app) => app);
  apart = await listen(printedCors());
  pages = await startFrontEnd(service, api);
});
afterAll(async () => {
  await pages.close();
  for (const server of servers) server.close();
  await service.stop();
});

/** An API as the page has it, behind what `first` puts before it. */
async function listen(first: (app: Express) => unknown): Promise<{ url: string }> {
  const app = express();
  first(app);
  app.get('/api/orders', protect(verifier), (request, response) => {
    response.json({ user: request.principal!.userId });
  });
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** The lines that the page prints for an API with a host of its own. */
function printedCors(): (app: Express) => unknown {
  const section = sectionOf(readPage('docs/front-end.md'), '## From end to end');
  const block = codeBlocks(section).find(({ code }) => code.startsWith('app.use('));
  return (app) => new Function('app', block!.code)(app);
}

test('behind the host of the pages, who signs in to the application is let in by the API, and nobody after sign-out', async () => {
  const browser = new Browser({ ...service, url: pages.url }, { origin: PAGES, 'sec-fetch-site': 'same-origin' });
  const email = newEmail();
  expect((await browser.post('/v1/auth/register', { email, password: PASSWORD, ...SHOP })).status).toBe(201);
  expect(Object.keys(browser.cookies)).toEqual(['__Host-portcullis-shop']);

  const { accessToken: token, user } = (await browser.post('/v1/auth/refresh', SHOP)).body;
  const letIn = await browser.send('/api/orders', { token });
  expect([letIn.status, letIn.body]).toEqual([200, { user: user.id }]);
  expect(letIn.headers.get('access-control-allow-origin')).toBeNull();

  expect((await browser.post('/v1/auth/logout', SHOP)).status).toBe(204);
  await followed(verifier, service);
  expect(await browser.send('/api/orders', { token })).toMatchObject({ status: 401, code: 'session_ended' });
});

test('an API with a host of its own lets the pages in by the printed lines, and pages of no other origin', async () => {
  const { accessToken: token, userId } = await registerAt(service, 'shop');
  const ask = (origin: string, options = {}) => send(apart, '/api/orders', { headers: { origin }, ...options });

  const asked = await ask(PAGES, { method: 'OPTIONS' });
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, PAGES]);
  expect(asked.headers.get('access-control-allow-headers')).toContain('Authorization');

  const answer = await ask(PAGES, { token });
  expect([answer.body, answer.headers.get('access-control-allow-origin')]).toEqual([{ user: userId }, PAGES]);
  const refused = await ask(PAGES);
  expect([refused.code, refused.headers.get('access-control-allow-origin')]).toEqual(['token_missing', PAGES]);
  expect(refused.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, Retry-After');

  const elsewhere = await ask('https://evil.example', { method: 'OPTIONS' });
  expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull();
});
