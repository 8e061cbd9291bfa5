/** One route twice in an Express application of its own, open to all and behind the verifier: what differs is that. */
import { createVerifier } from '@portcullis/verifier';
import { protect } from '@portcullis/verifier/express';
import express, { type Request, type Response } from 'express';
import type { AddressInfo } from 'node:net';
import { obey } from './bench-process.js';

const { SERVICE_URL = '', ISSUER = '', SECRET = '' } = process.env;

const verifier = createVerifier({
  issuer: ISSUER,
  audience: 'account',
  feed: `${SERVICE_URL}/v1/revocations`,
  credentials: { id: 'account', secret: SECRET },
});
await verifier.ready();

const app = express();
app.get('/open', answer);
app.get('/protected', protect(verifier), answer);
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

const commands = {
  port: () => (server.address() as AddressInfo).port,
  revocations: () => verifier.status.revocations,
  /** Microseconds of processor time since the process began. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

export type ExpressCommands = typeof commands;

obey(commands);

const somebody = { userId: '019a9f0e-0000-7000-8000-000000000000', sessionId: '5d3f0f0e-0000-4000-8000-000000000000' };

function answer(request: Request, response: Response): void {
  const { userId, sessionId } = request.principal ?? somebody;
  response.json({ id: userId, email: 'somebody@example.com', sid: sessionId });
}
