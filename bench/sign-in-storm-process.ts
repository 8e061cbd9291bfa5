/**
 * The storm of sign-ins, in a process of its own that costs next to nothing: what making it takes must not delay the
 * requests that are timed. Says `{ underWay: true }` after as many answers as there are clients; on any message ends
 * when all that was asked is answered, with the attempts since, and how many were not refused as wrong passwords are.
 */
import { connect } from 'node:net';
import { setPriority } from 'node:os';

const CLIENTS = 30;

/** Whoever else wants this processor comes first. */
const LOWEST_PRIORITY = 19;

const { host, hostname, port } = new URL(process.argv[2]!);
const body = JSON.stringify({ email: 'nobody@example.com', password: 'not the password' });
const request = [
  'POST /v1/auth/login HTTP/1.1',
  `host: ${host}`,
  'content-type: application/json',
  `content-length: ${body.length}`,
  '',
  body,
].join('\r\n');
const answers = { attempts: 0, faults: 0 };
let running = true;
let waiting = CLIENTS;

setPriority(LOWEST_PRIORITY);
for (let client = 0; client < CLIENTS; client++) signInAgainAndAgain();

function signInAgainAndAgain(): void {
  const socket = connect(Number(port), hostname, () => socket.write(request));
  socket.setEncoding('latin1').on('data', (text: string) => {
    const [, status] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? [];
    if (!status) return;
    if (status !== '401') answers.faults++;
    if (++answers.attempts === CLIENTS) process.send!({ underWay: true });
    if (running) socket.write(request);
    else socket.destroy();
  });
  socket.on('error', () => answers.faults++).on('close', leave);
}

/** What was asked goes on in the service until it is answered: the quiet that follows begins after the last. */
function leave(): void {
  if (--waiting > 0) return;
  process.send!({ ...answers, attempts: answers.attempts - CLIENTS });
  process.disconnect();
}

process.once('message', () => (running = false));
