/** Many followers of one instance: some as applications have them, most as light as a reader can be. */
import { createVerifier, type Verifier } from '@portcullis/verifier';
import { request } from 'node:http';
import { obey } from './bench-process.js';

const { SERVICE_URL = '', ISSUER = '', SECRET = '' } = process.env;
const authorization = `Basic ${Buffer.from(`account:${SECRET}`).toString('base64')}`;

/** When which session was refused, by the monotonic clock of the machine, in microseconds: one for each follower. */
const refusals = new Map<string, number[]>();
const verifiers: Verifier[] = [];

function note(sessionId: string): void {
  const times = refusals.get(sessionId) ?? [];
  refusals.set(sessionId, times);
  times.push(Number(process.hrtime.bigint() / 1000n));
}

/** Resolves with its first event, which tells that it has missed nothing. */
function read(): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(`${SERVICE_URL}/v1/revocations/events`, { agent: false, headers: { authorization } });
    asked.once('error', reject).end();
    asked.once('response', (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the feed answered ${response.statusCode}`));
      response.setEncoding('utf8').on('data', (text: string) => {
        resolve();
        for (const [, sessionId] of text.matchAll(/"kind":"session","subject":"([^"]+)"/g)) note(sessionId!);
      });
    });
  });
}

const commands = {
  /** Light ones, connected; ten at a time. */
  read: async (count: number) => {
    for (let left = count; left > 0; left -= 10) {
      await Promise.all(Array.from({ length: Math.min(left, 10) }, read));
    }
  },

  /** Real ones, ready. */
  follow: async (count: number) => {
    for (let i = 0; i < count; i++) {
      const verifier = createVerifier({
        issuer: ISSUER,
        audience: 'account',
        feed: `${SERVICE_URL}/v1/revocations`,
        credentials: { id: 'account', secret: SECRET },
      });
      await verifier.ready();
      verifiers.push(verifier);
    }
  },

  /** From now on each real one notes when it refuses one of these. */
  watch: (tokens: { accessToken: string; sessionId: string }[]) => {
    for (const verifier of verifiers) {
      for (const { accessToken, sessionId } of tokens) verifier.onRevoked(accessToken, () => note(sessionId));
    }
  },

  refusals: () => [...refusals],
};

export type FollowersCommands = typeof commands;

obey(commands);
