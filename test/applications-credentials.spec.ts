import { Clock } from '../src/common/clock.js';
import { askFeed, basic, newBackend } from './support/feed.js';
import { sendForm } from './support/oauth.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';

let service: Service;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

function pass(seconds: number): void {
  const clock = service.app.get(Clock, { strict: false });
  const { monotonic } = clock;
  clock.monotonic = () => monotonic.call(clock) + seconds * 1_000;
}

/** What a back end gets, by a secret that was good when the table was last read. */
const ask = async (secret: string) => {
  const { status, code, headers } = await askFeed(service, backendOf(secret));
  return { status, code, retryAfter: headers.get('retry-after') };
};
const backendOf = (secret: string) => ({
  applicationId: 'shop',
  secret,
  headers: { authorization: basic('shop', secret) },
});

test('while the table of secrets cannot be read, those known are good for a minute, then 503 until it can be', async () => {
  const { secret } = await newBackend(service, 'shop');
  expect((await ask(secret)).status).toBe(200);
  await service.db.query('alter table application_credentials rename to out_of_reach');
  pass(30);
  expect((await ask(secret)).status).toBe(200);
  pass(31);
  const unavailable = { status: 503, code: 'unavailable', retryAfter: '1' };
  expect(await ask(secret)).toEqual(unavailable);
  // Nobody learns what was right, and a front end, which has none, is served.
  expect(await ask(`${secret}x`)).toEqual(unavailable);
  const byItsId = await sendForm(service, '/oauth/revoke', { token: 'x', client_id: 'shop' });
  expect(byItsId.status).toBe(200);
  await service.db.query('alter table out_of_reach rename to application_credentials');
  await poll(async () => (await ask(secret)).status === 200);
});
