// nginx with auth_request before a plain application: npm run example:nginx
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOrders } from './orders.mjs';

const { PORT = '8080', PORTCULLIS_URL = 'http://127.0.0.1:3000', ORDERS_URL, NGINX_PATH = 'nginx' } = process.env;

const orders = ORDERS_URL === undefined ? await startOrders(8081) : null;

// The configuration as it stands beside this file, but for addresses that were asked for.
const shipped = await readFile(new URL('nginx.conf', import.meta.url), 'utf8');
const config = shipped
  .replace('listen 127.0.0.1:8080', `listen 127.0.0.1:${PORT}`)
  .replace('server 127.0.0.1:3000', `server ${new URL(PORTCULLIS_URL).host}`)
  .replace('server 127.0.0.1:8081', `server ${ORDERS_URL === undefined ? '127.0.0.1:8081' : new URL(ORDERS_URL).host}`);
const folder = await mkdtemp(join(tmpdir(), 'portcullis-nginx-'));
// Started as root, nginx does its work as somebody else.
await chmod(folder, 0o755);
await mkdir(join(folder, 'temp'));
await writeFile(join(folder, 'nginx.conf'), config);

const nginx = spawn(NGINX_PATH, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', 'daemon off;'], {
  stdio: 'inherit',
});
nginx.once('spawn', () => console.log(`The application is at http://localhost:${PORT}/orders/`));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => nginx.kill('SIGTERM'));

process.exitCode = await new Promise((resolve) => {
  nginx.once('exit', (code) => resolve(code ?? 1));
  nginx.once('error', () => {
    console.error(`There is no ${NGINX_PATH} here. Install nginx, or say in NGINX_PATH where it is.`);
    resolve(1);
  });
});
orders?.close();
await rm(folder, { recursive: true });
