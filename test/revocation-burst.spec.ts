import { Agent, request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

/** MiB that are held on to: when the garbage of a burst is collected is the engine's own affair. */
function heldMemory(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return (heapUsed + external + arrayBuffers) / 2 ** 20;
}

test('ten thousand sign-outs in a burst on two instances: none is lost, both know all of them, and no others', async () => {
  const owner = await Device.register(service);
  const devices = await manyDevices(owner, BURST);
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });
  const before = heldMemory();
  const statuses = await Promise.all(
    devices.map(({ accessToken }, place) => signOut(agent, (place % 2 ? service : elsewhere).url, accessToken)),
  );
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
  // The entries themselves take a megabyte; the answers, the devices and both instances are in this one process.
  expect(heldMemory() - before).toBeLessThan(60);
}, 60_000);
