/**
 * The storm of sign-ins, in a process of its own: what making it costs must not delay the requests that are timed.
 * Says `{ underWay: true }` after as many answers as there are clients; on any message ends with `{ attempts }` since.
 */
const CLIENTS = 30;

const [, , url] = process.argv;
const body = JSON.stringify({ email: 'nobody@example.com', password: 'not the password' });
const headers = { 'content-type': 'application/json' };
let running = true;
let attempts = 0;

async function signInAgainAndAgain(): Promise<void> {
  while (running) {
    await fetch(`${url}/v1/auth/login`, { method: 'POST', headers, body }).then((answer) => answer.text());
    if (++attempts === CLIENTS) process.send!({ underWay: true });
  }
}

const clients = Array.from({ length: CLIENTS }, signInAgainAndAgain);

process.once('message', async () => {
  running = false;
  await Promise.all(clients);
  process.send!({ attempts: attempts - CLIENTS });
  process.disconnect();
});
