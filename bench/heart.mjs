/*
 * The heart, measured: npx tsc -b packages/verifier && node --expose-gc bench/heart.mjs [entries]
 *
 * One process, nothing else on the path: no HTTP, no database. Every figure is the median of its rounds unless it says
 * otherwise; what is compared is measured in the same rounds, in alternating order.
 */
import { verify as verifyBytes } from 'node:crypto';
import {
  KeySet,
  RevocationIndex,
  VerifiedTokenCache,
  decide,
  recheck,
  verify,
} from '../packages/verifier/dist/index.js';
import { heapPerOperation, mebibytes, median, printReport, report, round, settle, time } from './measure.mjs';
import { AUDIENCE, ISSUER, NOW, asParsed, issue, makeClaims, makeEntry, makeKey } from './sample-tokens.mjs';

const ENTRIES = Number(process.argv[2] ?? 1_000_000);

const small = await benchIndex(100_000);
benchFirstSight('ES256', small);
benchFirstSight('RS256', small);
const large = await benchIndex(ENTRIES);
benchSeenBefore(large);
await benchSweep('nothing', NOW - 1);
await benchSweep('a third', NOW + 300);
await benchSweep('all', NOW + 10_000);
printReport();

/** Memory and pauses while an index fills up, then decisions over it. */
async function benchIndex(count) {
  await settle();
  const before = process.memoryUsage();
  const index = new RevocationIndex();
  const { longest, total, sample } = load(index, count);
  const peak = process.memoryUsage();
  await settle();
  const after = process.memoryUsage();
  const grown = ({ heapUsed, arrayBuffers }) => heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers;
  report(`load ${round(count)} entries`, `${round(total)} ms`);
  report('– longest single apply, growing and garbage collection included', `${round(longest, 2)} ms`);
  report('– memory, by its own account', mebibytes(index.memoryBytes));
  report('– memory, heap and array buffers, settled', mebibytes(grown(after)), '< 100 MB');
  report('– memory, at the end of the load, garbage included', mebibytes(grown(peak)), '< 100 MB');
  report('– resident set, more than before', mebibytes(after.rss - before.rss));
  benchDecision(`${round(count)} entries, not revoked`, index, makeMisses(), false);
  benchDecision(`${round(count)} entries, revoked`, index, makeHits(sample), true);
  return index;
}

/**
 * Loads in batches, as from a database, so that the heap stays that of a server and not of this benchmark. The longest
 * single `apply` is the longest pause that a request can meet.
 */
function load(index, count) {
  const BATCH = 10_000;
  const sample = [];
  let longest = 0;
  let total = 0;
  for (let first = 0; first < count; first += BATCH) {
    const batch = asParsed(Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => makeEntry(first + i)));
    for (const entry of batch) {
      const start = performance.now();
      index.apply(entry);
      const took = performance.now() - start;
      total += took;
      longest = Math.max(longest, took);
    }
    for (let i = 0; i < batch.length; i += 97) sample.push(batch[i]);
  }
  return { longest, total, sample };
}

function makeMisses() {
  return Array.from({ length: 20_000 }, () => asParsed({ kid: 'k1', claims: makeClaims() }));
}

function makeHits(sample) {
  return Array.from({ length: 20_000 }, (_, i) => {
    const { kind, subject } = sample[(i * 7919) % sample.length];
    const changes = { session: { sid: subject }, token: { jti: subject }, user: { sub: subject, ver: NOW - 1 } }[kind];
    return asParsed({ kid: 'k1', claims: makeClaims(changes) });
  });
}

function benchDecision(label, index, tokens, refused) {
  const decideOne = (i) => {
    if ((decide(tokens[i], index) !== null) !== refused) throw new Error('wrong decision');
  };
  time(tokens.length, decideOne);
  const rounds = Array.from({ length: 15 }, () => time(tokens.length, decideOne));
  report(`decision, ${label}`, `${round(median(rounds))} ns`, '< 1,000 ns');
  report('– heap per decision', `${round(heapPerOperation(tokens.length, decideOne), 2)} B`, '0 B');
}

/** A token that is new to us, against the least that anyone must do for it. */
function benchFirstSight(alg, index) {
  const key = makeKey(alg);
  const issued = Array.from({ length: 500 }, () => issue(key));
  const context = { keys: new KeySet([key]), index, issuer: ISSUER, audience: AUDIENCE, now: NOW + 10 };
  const bare = (i) => {
    const { input, signature } = issued[i];
    if (!verifyBytes('sha256', input, { key: key.key, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error('bad');
  };
  const whole = (i) => void verify(issued[i].token, context);
  for (let i = 0; i < 5; i++) for (const operate of [bare, whole]) time(issued.length, operate);
  const pairs = Array.from({ length: 31 }, (_, i) => {
    const times = new Map((i % 2 === 0 ? [bare, whole] : [whole, bare]).map((run) => [run, time(issued.length, run)]));
    return { bare: times.get(bare), whole: times.get(whole) };
  });
  report(`${alg}: bare crypto.verify`, `${round(median(pairs.map((pair) => pair.bare)) / 1000, 1)} µs`);
  report(`${alg}: verify a token not seen before`, `${round(median(pairs.map((pair) => pair.whole)) / 1000, 1)} µs`);
  report('– ratio, median of pairs', round(median(pairs.map((pair) => pair.whole / pair.bare)), 2), '≤ 1.5');
}

function benchSeenBefore(index) {
  const key = makeKey('ES256');
  const context = { keys: new KeySet([key]), index, issuer: ISSUER, audience: AUDIENCE, now: NOW + 10 };
  const cache = new VerifiedTokenCache();
  const issued = Array.from({ length: 5_000 }, () => issue(key).token);
  for (const token of issued) cache.set(verify(token, context));
  const verified = issued.map((token) => cache.get(token));
  // A request brings a string of its own, whose hash V8 has yet to compute; so must this.
  const bytes = issued.map((token) => Buffer.from(token));
  let tokens;
  const recheckOne = (i) => void (recheck(verified[i], context) !== null && fail());
  const lookUp = (i) => void (recheck(cache.get(tokens[i]), context) !== null && fail());
  const rounds = (operate) =>
    Array.from({ length: 61 }, () => {
      tokens = bytes.map((token) => token.toString('latin1'));
      return time(issued.length, operate);
    }).slice(20);
  report('recheck', `${round(median(rounds(recheckOne)))} ns`, '< 1,000 ns');
  report('– heap per recheck', `${round(heapPerOperation(issued.length, recheckOne), 2)} B`, '0 B');
  report('verify a token seen before', `${round(1e9 / median(rounds(lookUp)))} / s`, '≥ 500,000 / s');
}

function fail() {
  throw new Error('refused');
}

/** How long another task has to wait while a full index is swept, in the quietest of three runs. */
async function benchSweep(what, now) {
  const runs = [await sweepOnce(now), await sweepOnce(now), await sweepOnce(now)];
  const { longest, total, removed } = runs.toSorted((a, b) => a.longest - b.longest)[0];
  report(`sweep ${what}: ${round(removed)} of ${round(ENTRIES)}`, `${round(total)} ms in all`);
  report('– longest wait of another task', `${round(longest, 2)} ms`, '< 1 ms');
}

async function sweepOnce(now) {
  const index = new RevocationIndex();
  load(index, ENTRIES);
  gc();
  let longest = 0;
  let last = performance.now();
  let sweeping = true;
  const tick = () => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (sweeping) setImmediate(tick);
  };
  setImmediate(tick);
  const start = performance.now();
  await index.sweep(now);
  sweeping = false;
  return { longest, total: performance.now() - start, removed: ENTRIES - index.size };
}
