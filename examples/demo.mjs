// npm run demo: one person, three devices, two instances of the service, and everything that can go wrong in five minutes.
// Prints who is refused, when, with which code, and what a check costs. With --readme it also puts that into README.md.
// It makes a database of its own and takes it away again; DEMO_DATABASE_URL names an empty one instead.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KeySet, recheck, RevocationIndex, VerifiedTokenCache, verify } from '@portcullis/verifier';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const PUBLIC_URL = 'http://localhost:3000';
const ACCOUNT = { email: 'ada@example.com', password: 'analytical engine 1843' };
const DEVICES = ['laptop', 'phone', 'tablet'];
const WIDTH = 17;

const folder = mkdtempSync(join(tmpdir(), 'portcullis-demo-'));
// As root, PostgreSQL runs as another user, who has to pass.
chmodSync(folder, 0o711);
const database = process.env.DEMO_DATABASE_URL;
const env = {
  PATH: process.env.PATH,
  DATA_DIR: folder,
  PORT: '0',
  PUBLIC_URL,
  LOG_LEVEL: 'silent',
  ...(database && { DATABASE_URL: database }),
};
const processes = [];
const printed = [];
let started = 0;

try {
  const here = await startInstance();
  const there = await startInstance();
  started = performance.now();
  const devices = await tellStory(here, there);
  say('');
  for (const line of await measureCheck(here, devices.tablet)) say(line);
  if (process.argv.includes('--readme')) writeIntoReadme();
} finally {
  await Promise.all(processes.map(stop));
  rmSync(folder, { recursive: true, force: true });
}

async function tellStory(here, there) {
  say('Ada has three devices. Acts go to one instance; here is what another one says to her access tokens.');
  say('');
  say(row('', 'what happened', DEVICES, 'refused there'));
  const devices = { laptop: await register(here), phone: await signIn(here), tablet: await signIn(here) };
  await tell(there, devices, 'she signs in on three devices');

  await send(here, `/v1/sessions/${devices.phone.session.id}`, { method: 'DELETE', token: devices.laptop.accessToken });
  await tell(there, devices, 'she ends the phone from the laptop', devices.phone);

  const { password: currentPassword } = ACCOUNT;
  const body = { currentPassword, newPassword: `${currentPassword}!` };
  const changed = await send(here, '/v1/auth/password', { body, token: devices.laptop.accessToken });
  ACCOUNT.password = body.newPassword;
  await tell(there, devices, 'she changes her password on it', devices.tablet);
  devices.laptop = changed.body;
  await tell(there, devices, '  its page has new tokens already');

  const copied = devices.laptop.refreshToken;
  for (let refresh = 0; refresh < 2; refresh++) devices.laptop = await renew(here, devices.laptop);
  await tell(there, devices, 'someone copies its refresh token');
  const { code } = await send(here, '/v1/auth/refresh', { body: { refreshToken: copied } });
  await tell(there, devices, `  and uses it: ${code}`, devices.laptop);

  devices.tablet = await signIn(here);
  await tell(there, devices, 'she signs in again on the tablet');
  await operate('user', 'suspend', ACCOUNT.email, '--reason', 'fraud');
  await tell(there, devices, 'an operator suspends the account', devices.tablet);
  return devices;
}

/** One line of the timeline: what the instance says to each device, and how long it took to refuse one of them. */
async function tell(there, devices, what, refused) {
  const answered = performance.now();
  while (refused && (await ask(there, refused)) === '200') await sleep(1);
  const took = refused ? `${Math.max(1, Math.round(performance.now() - answered))} ms later` : '';
  const verdicts = await Promise.all(DEVICES.map((name) => ask(there, devices[name])));
  say(row(`${((answered - started) / 1000).toFixed(1)} s`, what, verdicts, took));
}

async function ask(instance, { accessToken }) {
  const { status, code } = await send(instance, '/v1/users/me', { token: accessToken });
  return code ?? String(status);
}

/** What the guard does for every request, without the request: the verifier's own functions on a long deny-list. */
async function measureCheck(instance, { accessToken }) {
  const keys = KeySet.fromJwks((await send(instance, '/.well-known/jwks.json')).body);
  const index = new RevocationIndex();
  const entries = 100_000;
  for (let seq = 1; seq <= entries; seq++) {
    const subject = crypto.randomUUID();
    index.apply({ seq, kind: 'session', subject, minVersion: 0, suspended: false, expiresAt: Infinity });
  }
  const context = { keys, index, issuer: PUBLIC_URL, audience: 'account', now: Date.now() / 1000 };
  const first = timeOf(500, () => verify(accessToken, context));
  const seen = new VerifiedTokenCache();
  seen.set(verify(accessToken, context));
  const again = timeOf(1_000_000, () => recheck(seen.get(accessToken), context));
  return [
    `What a check costs, with ${entries.toLocaleString('en')} sessions on the deny-list and without a look at the database:`,
    `  a token seen before  ${micro(again)}`,
    `  a token never seen   ${micro(first)}, nearly all of it the signature`,
  ];
}

/** Microseconds of one call: the best of five rounds, as the machine may be busy. */
function timeOf(calls, work) {
  const rounds = Array.from({ length: 5 }, () => {
    const start = performance.now();
    for (let call = 0; call < calls; call++) work();
    return ((performance.now() - start) * 1000) / calls;
  });
  return Math.min(...rounds);
}

function micro(microseconds) {
  return `${microseconds < 10 ? microseconds.toFixed(2) : Math.round(microseconds)} µs`;
}

function row(time, what, cells, last) {
  const columns = [time.padStart(6), what.padEnd(36), ...cells.map((cell) => cell.padEnd(WIDTH)), last];
  return columns.join('  ').trimEnd();
}

function say(line) {
  printed.push(line);
  console.log(line);
}

function writeIntoReadme() {
  const path = join(ROOT, 'README.md');
  const block = /(<!-- npm run demo -- --readme -->\n+```text\n)[\s\S]*?(^```$)/m;
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(block, (_, before, after) => before + printed.join('\n') + '\n' + after),
  );
}

async function register(instance) {
  return (await send(instance, '/v1/auth/register', { body: { ...ACCOUNT, delivery: 'body' } })).body;
}

async function signIn(instance) {
  return (await send(instance, '/v1/auth/login', { body: { ...ACCOUNT, delivery: 'body' } })).body;
}

async function renew(instance, { refreshToken }) {
  return (await send(instance, '/v1/auth/refresh', { body: { refreshToken } })).body;
}

async function send(instance, path, { method, body, token } = {}) {
  const response = await fetch(instance.url + path, {
    method: method ?? (body ? 'POST' : 'GET'),
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  return { status: response.status, code: answer?.code ?? null, body: answer };
}

async function startInstance() {
  const child = run('dist/src/main.js');
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      const [, found] = /Portcullis is at (\S+),/.exec(String(chunk)) ?? [];
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error('The service did not start. Run: npm run build')));
  });
  return { url };
}

async function operate(...words) {
  // As JSON, which tells nobody that this is a database of development.
  const child = run('dist/src/cli/main.js', [...words, '--json']);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`);
}

function run(program, words = []) {
  const child = spawn(process.execPath, [join(ROOT, program), ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(child);
  return child;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
