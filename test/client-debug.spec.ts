import { ClientBrowser } from './support/client-browser.js';
import { newEmail, PASSWORD } from './support/device.js';
import { poll } from './support/poll.js';
import { startService } from './support/service.js';
import { setTimeout as sleep } from 'node:timers/promises';
test('x', async () => {
  const service = await startService();
  const live = new Map<any, string>();
  service.app.getHttpServer().on('connection', (socket: any) => { live.set(socket, 'new'); socket.on('close', () => live.delete(socket)); });
  service.app.getHttpServer().prependListener('request', (req: any, res: any) => { live.set(req.socket, req.url); res.on('finish', () => live.set(req.socket, 'fin ' + req.url)); res.on('close', () => live.has(req.socket) && live.set(req.socket, live.get(req.socket) + ' closed')); });
  const email = newEmail();
  {
  const a = new ClientBrowser(service); const b = new ClientBrowser(service);
  const client = a.open().client; 
  await client.register({ email, password: PASSWORD });
  const other = b.open().client;
  await other.signIn({ email, password: PASSWORD });
  await client.signOut();
  await (await other.fetch('/v1/users/me'));
  a.close(); b.close();
  }
  {
  const a = new ClientBrowser(service); const b = new ClientBrowser(service);
  const client = a.open().client; const email = newEmail();
  await client.register({ email, password: PASSWORD });
  const other = b.open().client;
  await other.signIn({ email, password: PASSWORD });
  await client.signOutEverywhere();
  await (await other.fetch('/v1/users/me')).text();
  await poll(() => other.session.state === 'anonymous');
  a.close(); b.close();
  console.log([...live.values()]);
  }
  {
  const a = new ClientBrowser(service);
  const client = a.open().client; const email = newEmail();
  await client.register({ email, password: PASSWORD });
  a.isOnline = false;
  await client.signOutEverywhere().catch(() => {});
  a.close();
  }
  console.log([...live.values()]);
  const t = performance.now();
  const timer = setInterval(async () => console.log('n', [...live.values()], Math.round(performance.now() - t)), 3000);
  await service.stop(); clearInterval(timer);
  console.log('stopped', performance.now() - t);
}, 60000);
