import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { startExample } from './example.js';
import { startStandIn, type Front } from './nginx-stand-in.js';
import { poll } from './poll.js';

export type { Front };

type Start = (addresses: { portcullis: string; orders: string }) => Promise<Front>;

/** `npm run example:nginx`, once it answers. */
const startNginx: Start = async ({ portcullis, orders }) => {
  const port = await freePort();
  const env = { PORT: String(port), PORTCULLIS_URL: portcullis, ORDERS_URL: orders };
  const example = await startExample('nginx', { ...env, ...nginxPath() });
  await poll(() =>
    fetch(example.url).then(
      () => true,
      () => false,
    ),
  );
  return { url: example.url, stop: example.stop };
};

/** What the shipped configuration is run by here: the stand-in everywhere, nginx where there is one. */
export const fronts: [name: string, start: Start][] = [
  ['the stand-in', startStandIn],
  ...(hasNginx() ? [['nginx', startNginx] as [string, Start]] : []),
];

function hasNginx(): boolean {
  return spawnSync(process.env['NGINX_PATH'] ?? 'nginx', ['-v']).status === 0;
}

function nginxPath(): Record<string, string> {
  const path = process.env['NGINX_PATH'];
  return path === undefined ? {} : { NGINX_PATH: path };
}

/** nginx does not say which port it got, so it cannot be told to take any. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
