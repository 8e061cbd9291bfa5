import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { Device } from './support/device.js';
import { accountsOf, ACT, registerAdmin } from './support/operator.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { countWatches } from './support/watches.js';

/** An export takes as long as its reader: the rights of who asked for it may end before it does. */

/** With their reasons some fifteen megabytes: more than waits in the buffers of a connection that nobody reads. */
const ROWS = 30_000;

let service: Service;
let other: Service;

beforeAll(async () => {
  service = await startService();
  other = await startService({ besides: service });
  await service.db.query(
    `insert into audit_events (type, actor, reason, details, created_at)
     select 'token.denied', 'operator:many', repeat('x', 400), '{}', now() from generate_series(1, $1)`,
    [ROWS],
  );
});
afterAll(() => service.stop());

/** An export that is under way, read no further than its first lines. */
async function startExport({ accessToken }: Device): Promise<IncomingMessage> {
  const request = get(`${service.url}/v1/admin/audit/export`, { headers: { authorization: `Bearer ${accessToken}` } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  await once(response, 'readable');
  response.read();
  return response;
}

/** Reads on: whether it came to its end, as an HTTP client sees it. */
async function readOn(response: IncomingMessage): Promise<'whole' | 'broken off'> {
  response.on('error', () => undefined);
  response.resume();
  if (!response.closed) await new Promise((resolve) => response.once('close', resolve));
  return response.complete ? 'whole' : 'broken off';
}

test.each<[string, (admin: Device) => Promise<unknown>]>([
  ['is no administrator any more', ({ userId }) => accountsOf(other).setRoles(userId, [], ACT)],
  ['is suspended', ({ userId }) => accountsOf(other).suspend(userId, ACT)],
  ['has signed out', (admin) => admin.send('/v1/auth/logout', { method: 'POST' }, other)],
])('who %s, on another instance, gets no more of it, and can tell that it is not whole', async (_, end) => {
  // An administrator must remain.
  await registerAdmin(service);
  const admin = await registerAdmin(service);
  const watches = countWatches(service);
  const response = await startExport(admin);
  expect(watches()).toBe(1);
  await end(admin);
  await poll(() => response.socket.destroyed || watches() === 0);
  expect(await readOn(response)).toBe('broken off');
  expect(watches()).toBe(0);
});

test('whoever stays an administrator gets the whole of it, and nothing is watched after that', async () => {
  const admin = await registerAdmin(service);
  const watches = countWatches(service);
  const response = await startExport(admin);
  expect(await readOn(response)).toBe('whole');
  await poll(() => watches() === 0);
});
