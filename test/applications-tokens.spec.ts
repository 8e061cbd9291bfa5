import { Controller, Get, Module, SetMetadata } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ANY_APPLICATION, AnyApplication, CurrentPrincipal } from '../src/common/access.js';
import type { Principal } from '../src/common/principal.js';
import { claimsOf, signerOf } from './support/access-token.js';
import { addApplication, registerAt } from './support/applications.js';
import { Device, send } from './support/device.js';
import { openEvents } from './support/events.js';
import { openSocket, refusedSocket } from './support/live-socket.js';
import { poll } from './support/poll.js';
import { statementsOfRequests } from './support/request-statements.js';
import { startService, type Service } from './support/service.js';

@AnyApplication()
@Controller('anyone')
class AnyoneController {
  @Get()
  show(@CurrentPrincipal() { applicationId }: Principal) {
    return { applicationId };
  }
}

@WebSocketGateway({ path: '/live/own' })
class OwnGateway {}

@AnyApplication()
@WebSocketGateway({ path: '/live/anyone' })
class AnyoneGateway {
  @SubscribeMessage('who')
  who(@CurrentPrincipal() { applicationId }: Principal) {
    return { event: 'you', data: { applicationId } };
  }
}

@AnyApplication()
@WebSocketGateway({ path: '/live/open-to-some' })
class SomeGateway {
  @SetMetadata(ANY_APPLICATION, false)
  @SubscribeMessage('own')
  own() {
    return { event: 'done', data: null };
  }
}

@Module({ controllers: [AnyoneController], providers: [OwnGateway, AnyoneGateway, SomeGateway] })
class AnyoneModule {}

let service: Service;
let shop: string;
let mine: Device;

beforeAll(async () => {
  service = await startService({ extras: { imports: [AnyoneModule] } });
  shop = await addApplication(service);
  mine = await registerAt(service, shop);
});
afterAll(() => service.stop());

test('a token of another application names it, and has its audience', () => {
  const claims = JSON.parse(Buffer.from(mine.accessToken.split('.')[1]!, 'base64url').toString());
  expect(claims).toMatchObject({ client_id: shop, aud: shop });
});

test('with it, every route that asks for a token is closed, but those about the session that bears it', async () => {
  const { paths } = (await send(service, '/openapi.json')).body as { paths: Record<string, Record<string, any>> };
  const answers = await Promise.all(
    Object.entries(paths)
      .filter(([path]) => path.startsWith('/v1/'))
      .flatMap(([path, methods]) =>
        Object.entries(methods)
          .filter(([, operation]) => JSON.stringify(operation.security ?? '').includes('accessToken'))
          .map(async ([method]) => {
            const url = path.replaceAll(/\{\w+\}/g, '0b1f8a60-0000-4000-8000-000000000000');
            if (url === '/v1/sessions/current/events') return `${method} ${path}: stream`;
            const { code } = await mine.send(url, { method: method.toUpperCase() });
            return code === 'token_invalid' ? null : `${method} ${path}: ${code}`;
          }),
      ),
  );
  expect(answers.length).toBeGreaterThan(20);
  expect(answers.filter((answer) => answer !== null).toSorted()).toEqual([
    'get /v1/auth/check: validation_failed',
    'get /v1/sessions/current/events: stream',
    'get /v1/sessions/current: null',
    'post /v1/auth/reauthenticate: validation_failed',
  ]);
});

test('the API reference says which routes those are, and how a cookie names its application', async () => {
  const { paths } = (await send(service, '/openapi.json')).body as { paths: Record<string, Record<string, any>> };
  const marked = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation['x-any-application'])
      .map(([method, { parameters }]) => {
        expect(parameters.filter(({ name }: { name: string }) => name === 'application')).toHaveLength(1);
        return `${method} ${path}`;
      }),
  );
  expect(marked.filter((route) => route.includes(' /v1/')).toSorted()).toEqual([
    'get /v1/auth/check',
    'get /v1/sessions/current',
    'get /v1/sessions/current/events',
    'post /v1/auth/reauthenticate',
  ]);
});

test('the refusal is the same at the first sight of the token and at any other', async () => {
  const other = await registerAt(service, shop);
  for (let i = 0; i < 3; i++) expect((await other.send('/v1/users/me')).code).toBe('token_invalid');
});

test('a session of another application has its own events, and signs itself out', async () => {
  const other = await mine.another({ applicationId: shop });
  const stream = await openEvents(service, other.accessToken);
  await stream.until('ready');
  expect((await other.send('/v1/auth/logout', { method: 'POST' })).status).toBe(204);
  expect(await stream.until('ended')).toMatchObject({ data: { code: 'session_ended', reason: 'signed_out' } });
  expect((await other.send('/v1/sessions/current')).code).toBe('session_ended');
});

test('a route or a gateway of a module takes it where it says so, and the one of the built-in application too', async () => {
  const own = await mine.another();
  for (const [device, applicationId] of [
    [mine, shop],
    [own, 'account'],
  ] as const) {
    expect((await device.send('/anyone')).body).toEqual({ applicationId });
    const socket = await openSocket(service, '/live/anyone', { token: device.accessToken });
    expect(await socket.ask('who')).toEqual({ event: 'you', data: { applicationId } });
    socket.socket.terminate();
  }
  expect(await refusedSocket(service, '/live/own', { token: mine.accessToken })).toMatchObject({
    status: 401,
    code: 'token_invalid',
  });
});

test('a message is refused by what its handler says, though its gateway lets the connection in', async () => {
  const socket = await openSocket(service, '/live/open-to-some', { token: mine.accessToken });
  expect(await socket.ask('own')).toMatchObject({ event: 'problem', data: { code: 'token_invalid' } });
  socket.socket.terminate();
});

test('an instance that has not heard of an application yet looks for it when its token comes', async () => {
  const two = await startService({ besides: service, extras: { imports: [AnyoneModule] } });
  try {
    await send(two, '/health/ready');
    const late = await addApplication(service);
    const device = await registerAt(service, late);
    // Once the second is over in which one look at the table is enough.
    await poll(async () => (await device.send('/v1/sessions/current', {}, two)).status === 200);
  } finally {
    await two.stop();
  }
});

test('with it alone a person signs out at an instance that has not heard of the application yet', async () => {
  const other = await startService({ besides: service });
  const device = await registerAt(service, await addApplication(service));
  // It looks for one once a second at most; by itself every ten.
  await poll(async () => (await device.send('/v1/auth/logout', { method: 'POST' }, other)).status === 204, 5);
  expect((await device.send('/v1/sessions/current')).code).toBe('session_ended');
  await other.stop();
});

test('however many tokens of applications there are not come in: no more than one look at the table in a second', async () => {
  const device = await registerAt(service, shop);
  const signer = signerOf(device);
  const statements = await statementsOfRequests(service, async () => {
    for (let i = 0; i < 40; i++) {
      const claims = { ...claimsOf(device.accessToken), client_id: `nobody-${i}`, aud: 'nobody' };
      const token = signer.sign(undefined, claims);
      expect((await send(service, '/v1/sessions/current', { token })).code).toBe('token_invalid');
    }
  });
  expect(statements.length).toBeLessThan(5);
});
