import { Agent, request } from 'node:http';
import { Device } from './support/device.js';
import { endsOf, manyDevices } from './support/many-sessions.js';
import { catchUp, syncOf } from './support/revocation.js';
import { startService, type Service } from './support/service.js';

const BURST = 10_000;

let service: Service;
let elsewhere: Service;

beforeAll(async () => {
  service = await startService();
  elsewhere = await startService({ besides: service });
});
afterAll(async () => {
  await elsewhere.stop();
  await service.stop();
});

/** Plain requests: ten thousand of fetch's would take longer than what is tested. The status. */
function signOut(agent: Agent, url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    request(`${url}/v1/auth/logout`, { agent, method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}

test('ten thousand sign-outs in a burst on two instances: none is lost, both know all of them, and no others', async () => {
  const owner = await Device.register(service);
  const devices = await manyDevices(owner, BURST);
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });
  const before = process.memoryUsage.rss();
  const statuses = await Promise.all(
    devices.map(({ accessToken }, place) => signOut(agent, (place % 2 ? service : elsewhere).url, accessToken)),
  );
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  agent.destroy();
  expect(statuses.filter((status) => status !== 204)).toEqual([]);

  const ended = devices.map(({ sessionId }) => sessionId).toSorted();
  expect(await endsOf(service, devices)).toEqual({ rows: ended, log: ended, audit: ended });
  for (const instance of [service, elsewhere]) {
    await catchUp(instance);
    const { index } = syncOf(instance);
    expect(ended.filter((id) => !index.session.has(id))).toEqual([]);
    expect(index.size).toBe(BURST);
    expect(await owner.access(instance)).toBeNull();
  }
  // Both instances and their ten thousand clients are this one process; the entries themselves take a megabyte.
  expect(grown).toBeLessThan(400);
}, 60_000);
