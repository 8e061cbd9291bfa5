/*
 * The verifier as an application has it: npx tsc -b packages/verifier && node --expose-gc bench/verifier.mjs
 *
 * One process; the service is a feed in memory with a hundred thousand entries, so that nothing but the check is timed.
 */
import { verify as verifyBytes } from 'node:crypto';
import { createVerifier } from '../packages/verifier/dist/index.js';
import { median, printReport, report, round, time } from './measure.mjs';
import { AUDIENCE, ISSUER, NOW, issue, makeEntry, makeKey } from './sample-tokens.mjs';

const key = makeKey('ES256');
const epoch = '4b3c9f0e-0000-4000-8000-000000000000';
const began = performance.now();

function answer(url, signal) {
  const { pathname } = new URL(url);
  if (pathname.endsWith('jwks.json')) {
    return Response.json({ keys: [{ ...key.key.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] });
  }
  if (pathname.endsWith('/events'))
    return new Response(heartbeats(signal), { headers: { 'content-type': 'text/event-stream' } });
  const items = Array.from({ length: 100_000 }, (_, i) => {
    const { seq, kind, subject, minVersion, expiresAt } = makeEntry(i);
    return JSON.stringify({ seq, kind, subject, minVersion, exp: expiresAt });
  });
  return new Response(`{"epoch":"${epoch}","head":100000,"items":[\n${items.join(',\n')}\n]}\n`);
}

/** Until it is given up, as by fetch. */
function heartbeats(signal) {
  const start = performance.now();
  const beat = () => {
    const data = { after: 100_000, head: 100_000, elapsed: Math.floor(performance.now() - start), staleness: 0 };
    return new TextEncoder().encode(`id: ${epoch}:100000\nevent: heartbeat\ndata: ${JSON.stringify(data)}\n\n`);
  };
  return new ReadableStream({
    start(controller) {
      controller.enqueue(beat());
      const timer = setInterval(() => controller.enqueue(beat()), 1_000);
      signal.addEventListener('abort', () => {
        clearInterval(timer);
        controller.error(signal.reason);
      });
    },
  });
}

const verifier = createVerifier({
  issuer: ISSUER,
  audience: AUDIENCE,
  credentials: { id: 'a', secret: 'b' },
  // The sample tokens live at another time. Not less than the benchmark takes.
  clock: { now: () => NOW * 1000 + performance.now() - began, monotonic: () => performance.now() },
  maxStaleness: 60,
  cacheSize: 40_000,
  fetch: async (url, { signal }) => answer(url, signal),
});
await verifier.ready();

const issued = Array.from({ length: 5_000 }, () => issue(key));
const texts = () => issued.map(({ token }) => Buffer.from(token).toString('latin1'));
let tokens = texts();
for (const token of tokens) await verifier.verify(token);
const checks = Array.from({ length: 61 }, () => {
  tokens = texts();
  return time(tokens.length, (i) => void verifier.check(tokens[i]));
}).slice(20);
report('check a token seen before', `${round(1e9 / median(checks))} / s`, '≥ 500,000 / s');
const verifies = [];
for (let i = 0; i < 41; i++) {
  tokens = texts();
  const start = performance.now();
  for (const token of tokens) await verifier.verify(token);
  verifies.push(((performance.now() - start) * 1e6) / tokens.length);
}
report('await verify of a token seen before', `${round(1e9 / median(verifies))} / s`, '≥ 500,000 / s');

const ratios = Array.from({ length: 15 }, () => {
  const fresh = Array.from({ length: 300 }, () => issue(key));
  const bare = time(fresh.length, (i) => {
    const { input, signature } = fresh[i];
    verifyBytes('sha256', input, { key: key.key, dsaEncoding: 'ieee-p1363' }, signature);
  });
  return time(fresh.length, (i) => void verifier.check(fresh[i].token)) / bare;
});
report('first sight ÷ a bare crypto.verify, ES256', round(median(ratios), 2), '≤ 1.5');
verifier.close();
printReport();
