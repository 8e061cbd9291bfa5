// An API of its own that accepts the access tokens of Portcullis: npm run example:express
import { createVerifier } from '@portcullis/verifier';
import { protect } from '@portcullis/verifier/express';
import express from 'express';

const { PORTCULLIS_URL = 'http://localhost:3000', PORTCULLIS_ID = 'shop', PORT = '8080' } = process.env;
const { PORTCULLIS_ISSUER = PORTCULLIS_URL, PORTCULLIS_SECRET } = process.env;

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
if (!PORTCULLIS_SECRET) fail(`Set PORTCULLIS_SECRET to a secret of the application ${PORTCULLIS_ID}.`);

let ready = false;
const verifier = createVerifier({
  issuer: PORTCULLIS_ISSUER,
  // An application's tokens carry its id, unless it was made with another audience.
  audience: PORTCULLIS_ID,
  feed: `${PORTCULLIS_URL}/v1/revocations`,
  credentials: { id: PORTCULLIS_ID, secret: PORTCULLIS_SECRET },
  // Until then it is ready() that says what is wrong.
  onError: (error) => ready && console.error(String(error)),
  // Why a request was refused: nobody else is told.
  onRefused: (error, { method, url }) => console.warn(`${method} ${url} ${error.message}`),
});
await verifier.ready(20).catch(({ message, cause }) => {
  fail(
    `Portcullis at ${PORTCULLIS_URL} cannot be followed (${cause?.message ?? message}). Look at the PORTCULLIS_… variables.`,
  );
});
ready = true;

const app = express();
app.get('/health', (_, response) => response.status(verifier.status.fresh ? 200 : 503).end());
app.get('/orders', protect(verifier), (request, response) => response.json({ user: request.principal.userId }));
app.get('/prices', protect(verifier, { roles: ['editor'], maxAge: 3600 }), (_, response) => response.json({}));

// An event stream is closed as soon as its token is accepted no longer.
app.get('/events', protect(verifier), (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
  const end = verifier.onRevoked(request.headers.authorization.slice(7), () => response.end());
  response.on('close', end);
});

const server = app.listen(Number(PORT), () => console.log(`The API is at http://localhost:${server.address().port}`));
process.on('SIGTERM', () => server.close(() => verifier.close()));
