import { addApplication } from './support/applications.js';
import { claimsOf, headerOf } from './support/access-token.js';
import { Device } from './support/device.js';
import { operate } from './support/operate.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { patternOf, stepsOf, type Step } from './docs-operate.js';
import { codeBlocks, readPage } from './docs-pages.js';

/** Runs docs/incidents.md from top to bottom, as somebody who types it does. */
let service: Service;
let bob: Device;
let laptop: Device;

beforeAll(async () => {
  service = await startService();
  const eve = await Device.register(service);
  bob = await Device.register(service, { deviceName: 'Phone' });
  laptop = await bob.another({ deviceName: 'Laptop' });
  for (const [name, { userId }] of Object.entries({ eve, bob })) {
    await service.db.query('update users set email = $2 where id = $1', [userId, `${name}@example.com`]);
  }
  await addApplication(service, { id: 'shop' });
  // Someone uses a copy of a refresh token.
  const robbed = await Device.register(service);
  const copy = robbed.refreshToken;
  for (let refresh = 0; refresh < 2; refresh += 1) await robbed.refresh();
  await robbed.refresh(copy);
});
afterAll(() => service.stop());

async function hasSaidThatItReadAll(): Promise<boolean> {
  const rows = await service.db.query('select from instances i join revocation_head h on h.seq = i.seq');
  return rows.length === 1;
}

async function run({ command, expected }: Step): Promise<void> {
  const words = /^npm run -s cli -- ([^<]*)(< token.txt)?$/.exec(command);
  if (!words) throw new Error(`Not a command of the page: ${command}`);
  const text = words[1]!
    .replace('$LAPTOP', laptop.sessionId)
    .replace('$JTI', claimsOf(bob.accessToken).jti)
    .replace('$KID', String(headerOf(bob.accessToken)['kid']));
  // A backup is restored while nothing runs; the rows of what ran until then are half a minute old.
  if (text.startsWith('restore')) await service.db.query('delete from instances');
  // Who types it comes seconds after what was revoked last; instances say every few seconds how far they have read.
  if (text.startsWith('doctor')) await poll(hasSaidThatItReadAll);
  const { code, out, err } = await operate(service, text, words[2] ? { input: laptop.accessToken } : {});
  expect({ command, err }).toEqual({ command, err: '' });
  expect({ command, code }).toEqual({ command, code: text.startsWith('token inspect') ? 1 : 0 });
  expect(out).toMatch(patternOf(expected));
}

const blocks = codeBlocks(readPage('docs/incidents.md').text).filter(({ language }) => language === 'sh');

test('every command of docs/incidents.md prints what the page says', async () => {
  const steps = blocks.flatMap(({ code }) => stepsOf(code));
  expect(steps.length).toBeGreaterThan(14);
  for (const step of steps) {
    expect(step.expected.length).toBeGreaterThan(0);
    await run(step);
  }
}, 120_000);
