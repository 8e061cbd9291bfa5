import { setTimeout as pause } from 'node:timers/promises';
import { setCookies } from './support/browser.js';
import { FROM_OWN_PAGE, newEmail, PASSWORD, send, type Answer } from './support/device.js';
import { startService, type Service } from './support/service.js';

const TABS = 10;
const ROUNDS = 10;

/** Milliseconds over which tabs start, and that a request or an answer may take on its way. */
const SPREAD_MS = 50;
const WAY_MS = 30;

let service: Service;
let elsewhere: Service;

beforeAll(async () => {
  // Fewer connections than the requests that race.
  service = await startService({ env: { DATABASE_POOL_SIZE: '4' } });
  elsewhere = await startService({ besides: service, env: { DATABASE_POOL_SIZE: '3' } });
});
afterAll(() => service.stop());

/** The one cookie that all tabs of a browser share: attached when a request leaves, stored when its answer arrives. */
class CookieJar {
  private cookie = '';

  async register(): Promise<void> {
    const body = { email: newEmail(), password: PASSWORD };
    this.store(await send(service, '/v1/auth/register', { body, headers: FROM_OWN_PAGE }));
  }

  async refresh(at: Service): Promise<Answer> {
    const headers = { ...FROM_OWN_PAGE, cookie: this.cookie };
    await pause(Math.random() * WAY_MS);
    const answer = await send(at, '/v1/auth/refresh', { method: 'POST', headers });
    await pause(Math.random() * WAY_MS);
    this.store(answer);
    return answer;
  }

  private store(answer: Answer): void {
    for (const { name, value } of setCookies(answer)) this.cookie = `${name}=${value}`;
  }
}

test('ten tabs without a lock, overtaking each other on their way to two instances: no refresh is refused', async () => {
  const jar = new CookieJar();
  await jar.register();
  const refreshInTab = async (tab: number) => {
    await pause(Math.random() * SPREAD_MS);
    const answers: Answer[] = [];
    for (let time = 0; time < 3; time++) answers.push(await jar.refresh((tab + time) % 2 ? elsewhere : service));
    return answers;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(Array.from({ length: TABS }, (_, tab) => refreshInTab(tab)));
    expect(new Set(answers.flat().map(({ code }) => code))).toEqual(new Set([null]));
    // Past the grace: the next round rotates.
    await service.advance(11);
  }
}, 60_000);
