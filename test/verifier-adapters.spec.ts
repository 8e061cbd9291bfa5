import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { accessProblem } from '../packages/verifier/src/access-problem.js';
import { VerificationError, type Principal, type Verifier } from '@portcullis/verifier';
import { protect as protectExpress } from '@portcullis/verifier/express';
import { protect as protectFastify } from '@portcullis/verifier/fastify';
import { CurrentPrincipal, PortcullisGuard, Public, Require } from '@portcullis/verifier/nest';
import express from 'express';
import Fastify from 'fastify';
import type { AddressInfo } from 'node:net';
import { errorCatalogue, errorEntry } from '../src/common/errors/error-catalogue.js';
import { claimsOf, signerOf } from './support/access-token.js';
import { Device, send } from './support/device.js';
import { followed, startVerifier } from './support/following.js';
import { GuardedRoutesModule } from './support/guarded-routes.js';
import { change } from './support/revocation.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
let verifier: Verifier;
/** By framework: where a route `/plain` answers with the principal, `/editors` to editors, `/recent` to the recent. */
const urls: Record<string, string> = {};
const closing: (() => Promise<unknown>)[] = [];
/** What was told of the requests that were refused. */
const told: string[] = [];

beforeAll(async () => {
  service = await startService({ extras: { imports: [GuardedRoutesModule] } });
  verifier = await startVerifier(service, {
    onRefused: ({ code, reason }, { method, url, headers }) => {
      told.push(`${method} ${url} ${headers.authorization ? 'with' : 'without'} a token, ${code}: ${reason}`);
      throw new Error('a fault of the log');
    },
  });
  urls['express'] = await startExpress();
  urls['fastify'] = await startFastify();
  urls['nest'] = await startNest();
});
afterAll(async () => {
  for (const close of closing) await close();
  await service.stop();
});

const editors = { roles: ['editor', 'admin'] };
const recent = { maxAge: 600 };

async function startExpress(): Promise<string> {
  const app = express();
  app.get('/plain', protectExpress(verifier), (request, response) => void response.json(request.principal));
  app.get('/editors', protectExpress(verifier, editors), (_, response) => void response.json({ editors: true }));
  app.get('/recent', protectExpress(verifier, recent), (_, response) => void response.json({ recent: true }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startFastify(): Promise<string> {
  const app = Fastify();
  app.get('/plain', { onRequest: protectFastify(verifier) }, (request, reply) => void reply.send(request.principal));
  app.get(
    '/editors',
    { onRequest: protectFastify(verifier, editors) },
    (_, reply) => void reply.send({ editors: true }),
  );
  app.get('/recent', { onRequest: protectFastify(verifier, recent) }, (_, reply) => void reply.send({ recent: true }));
  closing.push(() => app.close());
  return app.listen({ port: 0, host: '127.0.0.1' });
}

@Controller()
class ApiController {
  @Get('plain')
  plain(@CurrentPrincipal() principal: Principal) {
    return principal;
  }

  @Require(editors)
  @Get('editors')
  editors() {
    return { editors: true };
  }

  @Require(recent)
  @Get('recent')
  recent() {
    return { recent: true };
  }

  @Public()
  @Get('open')
  open() {
    return { open: true };
  }
}

@Module({ controllers: [ApiController] })
class ApiModule {}

async function startNest(): Promise<string> {
  const app = await NestFactory.create(ApiModule, new FastifyAdapter(), { logger: false });
  app.useGlobalGuards(new PortcullisGuard(verifier));
  await app.listen(0, '127.0.0.1');
  closing.push(() => app.close());
  return app.getUrl();
}

/** What a client can see of an answer; the service names its requests besides. */
async function seen(url: string, path: string, headers: Record<string, string>) {
  const answer = await send({ url }, path, { headers });
  const { requestId: _, ...body } = answer.body;
  const shown = ['content-type', 'www-authenticate', 'retry-after'].map((name) => answer.headers.get(name));
  return { status: answer.status, body, shown: answer.status === 200 ? [] : shown };
}

describe.each(['express', 'fastify', 'nest'])('%s', (framework) => {
  test('answers like the service: who is let in, who is not, and what they can do about it', async () => {
    const [good, ended, old] = [
      await Device.register(service),
      await Device.register(service),
      await Device.register(service),
    ];
    const jti = await Device.register(service);
    await ended.send('/v1/auth/logout', { method: 'POST' });
    await change(service, '', { kind: 'token', subject: claimsOf(jti.accessToken).jti, applicationId: 'account' });
    await old.send('/v1/auth/logout-all', { method: 'POST' });
    const now = Math.floor(Date.now() / 1000);
    const signer = signerOf(good);
    const tokens = {
      good: good.accessToken,
      ended: ended.accessToken,
      revoked: jti.accessToken,
      outdated: old.accessToken,
      expired: signer.sign(signer.header(), signer.claims({ iat: now - 700, exp: now - 100 })),
      'of another audience': signer.sign(signer.header(), signer.claims({ aud: 'shop' })),
      'long since signed in': signer.sign(signer.header(), signer.claims({ auth_time: now - 3_600 })),
      editor: signer.sign(signer.header(), signer.claims({ roles: ['editor'] })),
      rubbish: 'rubbish',
    };
    await followed(verifier, service);
    const requests: [string, Record<string, string>][] = [
      ['nothing', {}],
      ['basic', { authorization: 'Basic YTpi' }],
      ['no token', { authorization: 'Bearer ' }],
      ...Object.entries(tokens).map(([name, token]): [string, Record<string, string>] => [
        name,
        { authorization: `bEaReR ${token}` },
      ]),
    ];
    for (const [name, headers] of requests) {
      for (const path of ['/plain', '/plain/editors', '/plain/recent']) {
        const own = path === '/plain' ? path : path.slice('/plain'.length);
        const here = { name, path, ...(await seen(urls[framework]!, own, headers)) };
        expect(here).toEqual({ name, path, ...(await seen(service.url, path, headers)) });
      }
    }
  });
});

test.each(['express', 'fastify', 'nest'])(
  '%s tells the log of the application by which rule it refused, and its client nothing of that',
  async (framework) => {
    const [device, other] = [await Device.register(service), await Device.register(service)];
    const signer = signerOf(device);
    const [header, claims] = device.accessToken.split('.');
    const unsigned = [header, claims, other.accessToken.split('.')[2]].join('.');
    const refused: [string, string, string][] = [
      ['/plain', '', 'without a token, token_missing: no bearer token'],
      [
        '/plain?page=2',
        signer.sign(signer.header(), signer.claims({ iss: 'http://127.0.0.1:3000' })),
        'with a token, token_invalid: another issuer',
      ],
      [
        '/plain',
        signer.sign(signer.header(), signer.claims({ aud: 'shop' })),
        'with a token, token_invalid: another audience',
      ],
      ['/plain', unsigned, 'with a token, token_invalid: bad signature'],
      ['/editors', device.accessToken, 'with a token, forbidden: none of the roles'],
    ];
    for (const [path, token, line] of refused) {
      told.length = 0;
      const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
      const answer = await send({ url: urls[framework]! }, path, { headers });
      const [, code, reason] = /, (\w+): (.*)/.exec(line)!;
      expect(answer).toMatchObject({ status: code === 'forbidden' ? 403 : 401, code });
      expect(JSON.stringify([answer.body, ...answer.headers])).not.toContain(reason);
      expect(told).toEqual([`GET ${path} ${line}`]);
    }
    told.length = 0;
    const good = { headers: { authorization: `Bearer ${device.accessToken}` } };
    expect((await send({ url: urls[framework]! }, '/plain', good)).status).toBe(200);
    expect(told).toEqual([]);
  },
);

test('a token that was seen before is refused for the same reason as one that was not', async () => {
  const [known, fresh] = [await Device.register(service), await Device.register(service)];
  await verifier.verify(known.accessToken);
  await known.send('/v1/auth/logout', { method: 'POST' });
  await fresh.send('/v1/auth/logout', { method: 'POST' });
  await followed(verifier, service);
  for (const { accessToken } of [known, fresh]) {
    await expect(verifier.verify(accessToken)).rejects.toMatchObject({ code: 'session_ended', reason: 'revoked' });
  }
});

test('a Nest route that is public needs no token', async () => {
  expect(await send({ url: urls['nest']! }, '/open')).toMatchObject({ status: 200, body: { open: true } });
});

test('of every code it says what the table of the service says', () => {
  const codes = [
    'token_missing',
    'token_invalid',
    'token_expired',
    'token_outdated',
    'token_revoked',
    'session_ended',
    'reauthentication_required',
    'account_suspended',
    'application_disabled',
    'forbidden',
    'revocation_unavailable',
    'unavailable',
  ] as const satisfies (keyof typeof errorCatalogue)[];
  for (const code of codes) {
    const { status, title, detail, action } = errorEntry(code);
    const problem = accessProblem(new VerificationError(code, 'test'), PUBLIC_URL, 60);
    expect(problem.body).toMatchObject({ status, title, detail, code, type: `${PUBLIC_URL}/docs/errors#${code}` });
    expect(problem.body['action']).toBe(action);
    expect(problem.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
  }
});
