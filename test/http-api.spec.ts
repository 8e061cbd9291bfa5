import fc from 'fast-check';

import { Readiness } from '../src/common/readiness.js';
import type { JsonSchema } from '../src/pages/json-schema.js';
import type { Operation } from '../src/pages/openapi.js';
import { Device, send } from './support/device.js';
import { registerAdmin } from './support/operator.js';
import { startService } from './support/service.js';
import type { Service } from './support/service.js';

/** A route of the running service, as /openapi.json tells it. */
interface Route {
  method: string;
  path: string;
  operation: Operation;
}

const log: string[] = [];
let service: Service;
let routes: Route[];
beforeAll(async () => {
  service = await startService({ onLog: (line) => log.push(line) });
  const { paths } = (await send(service, '/openapi.json')).body as { paths: Record<string, Record<string, Operation>> };
  routes = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});
afterAll(() => service.stop());

const unknownId = '7d0f3a52-41c3-4a6e-8d55-0c2f6a1b9e10';
const urlOf = ({ path }: Route) => path.replace(/\{\w+\}/g, unknownId);
const isPrivate = ({ operation }: Route) => operation.security?.length !== 0;
const bodyOf = ({ operation }: Route) => operation.requestBody?.content['application/json']?.schema;

describe('The API reference', () => {
  test('describes the routes of the service, each with a sentence and what it answers', () => {
    expect(routes.length).toBeGreaterThan(10);
    for (const { method, path, operation } of routes) {
      const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
      const empty = success?.[0] === '204' || path === '/oauth/revoke';
      const described = success && (empty || success[1].content !== undefined);
      expect({ route: `${method} ${path}`, summary: operation.summary, described }).toEqual({
        route: `${method} ${path}`,
        summary: expect.stringMatching(/[.?]$/),
        described: true,
      });
    }
  });

  test('every body is strict: an unknown field is refused', () => {
    const bodies = routes.map(bodyOf).filter((schema): schema is JsonSchema => schema !== undefined);

    expect(bodies.length).toBeGreaterThan(5);
    for (const body of bodies) {
      for (const form of body.anyOf ?? body.oneOf ?? [body])
        expect(form).toMatchObject({ additionalProperties: false });
    }
  });
});

describe('Every route of the service', () => {
  test('that is private answers 401 without a token, and says no error of a token (RFC 6750, section 3.1)', async () => {
    const closed = routes.filter(isPrivate);

    expect(closed.length).toBeGreaterThan(5);
    for (const route of closed) {
      for (const method of route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]) {
        const response = await fetch(service.url + urlOf(route), { method });
        const challenge = response.headers.get('www-authenticate');
        expect([method, route.path, response.status, challenge]).toEqual([
          method,
          route.path,
          401,
          ['application', 'client'].includes(route.operation['x-authentication'] ?? '')
            ? 'Basic realm="portcullis", charset="UTF-8"'
            : 'Bearer realm="portcullis"',
        ]);
      }
    }
  });

  test('answers other methods by 405 and the methods it has', async () => {
    for (const path of new Set(routes.map((route) => route.path))) {
      const known = routes.filter((route) => route.path === path);
      const answer = await send(service, urlOf({ ...known[0], path } as Route), { method: 'PUT' });

      expect([path, answer.status, answer.code]).toEqual([path, 405, 'method_not_allowed']);
      for (const { method } of known) expect(answer.headers.get('allow')?.split(', ')).toContain(method);
    }
  });

  test('takes whatever body comes without a 5xx, from strangers and from the signed-in', async () => {
    const device = await registerAdmin(service);
    for (const route of routes.filter(({ operation }) => operation.requestBody)) {
      const properties = Object.keys(bodyOf(route)?.properties ?? {});
      const nasty = fc.constantFrom(
        '\0',
        '__proto__',
        '\ud800',
        "' OR 1=1 --",
        'a@example.com',
        unknownId,
        'x'.repeat(300),
      );
      const value = fc.oneof(nasty, fc.jsonValue(), fc.string({ unit: 'binary' }));
      const body = fc.oneof(
        value,
        fc.dictionary(fc.oneof(fc.constantFrom('extra', ...properties), fc.string()), value),
      );
      await fc.assert(
        fc.asyncProperty(body, fc.boolean(), async (sent, signedIn) => {
          const token = signedIn ? device.accessToken : null;
          const { status } = await send(service, urlOf(route), { method: route.method, body: sent, token });
          expect(status).toBeLessThan(500);
        }),
        { numRuns: 40 },
      );
    }
  });

  test('takes whatever query and identifier come without a 5xx', async () => {
    const device = await registerAdmin(service);
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\0', '-1', '1e9', 'NaN', '__proto__', '../..'),
    );
    const reads = routes.filter(({ method }) => method === 'GET');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...reads), value, value, async ({ path, operation }, id, text) => {
        const names = ['limit', 'cursor', ...(operation.parameters ?? []).map(({ name }) => name)];
        const query = names.map((name) => `${name}=${encodeURIComponent(wellFormed(text))}`).join('&');
        const target = path.replace(/\{\w+\}/g, encodeURIComponent(wellFormed(id)));
        const response = await fetch(`${service.url}${target}?${query}`, {
          headers: { authorization: `Bearer ${device.accessToken}` },
        });
        // A stream would never end.
        await response.body?.cancel();
        expect(response.status).toBeLessThan(500);
      }),
      { numRuns: 150 },
    );
  });
});

test('signing in, refreshing and failing to leaves no secret in the log', async () => {
  const device = await Device.register(service);
  const secrets = [device.password, device.accessToken, device.refreshToken];
  await device.send('/v1/auth/login', {
    body: { email: device.email, password: 'wrong horse battery staple' },
    token: null,
  });
  await device.refresh();
  await device.refresh(`${device.refreshToken}x`);
  await device.send(`/v1/users/me?token=${device.accessToken}`);
  await device.send('/v1/users/me', { token: `${device.accessToken.slice(0, -3)}AAA` });
  secrets.push(device.accessToken, device.refreshToken, 'wrong horse battery staple');

  const everything = log.join('\n');
  expect(everything).toContain('/v1/auth/refresh');
  for (const secret of secrets) {
    for (const part of secret.split('.').filter((piece) => piece.length > 20)) expect(everything).not.toContain(part);
    expect(everything).not.toContain(secret);
  }
});

test('ready while all is well; not ready, and told why, once it is to stop', async () => {
  const ready = await send(service, '/health/ready');
  service.app.get(Readiness, { strict: false }).shutDown();
  const stopping = await send(service, '/health/ready');
  const live = await send(service, '/health/live');

  expect([ready.status, ready.body.status]).toEqual([200, 'ready']);
  expect(ready.body.checks.map((check: { name: string }) => check.name)).toEqual(
    expect.arrayContaining(['database', 'running']),
  );
  expect([stopping.status, stopping.body.status]).toEqual([503, 'not_ready']);
  expect(stopping.body.checks).toContainEqual({ name: 'running', ok: false, detail: expect.any(String) });
  expect([live.status, live.body]).toEqual([200, { status: 'ok' }]);
});

/** Lone surrogates have no percent-encoding. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
