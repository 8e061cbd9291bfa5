import autocannon from 'autocannon';
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface LoadResult {
  /** Answered requests a second. */
  rate: number;
  total: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers that were not 2xx, and connections that failed. */
  faults: number;
}

/** Cycles through the tokens, so that caches and indexes are exercised as by as many people. */
const WRK_SCRIPT = `
local requests, i = {}, 0
function init()
  for token in io.lines(os.getenv("TOKENS")) do
    requests[#requests + 1] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
  end
end
function request() i = i % #requests + 1; return requests[i] end
`;

/** As many requests as `connections` can make, by wrk where there is one (it takes far less of the machine). */
export async function saturate(url: string, tokens: string[], seconds: number, connections = 32): Promise<LoadResult> {
  return (await saturateWithWrk(url, tokens, seconds, connections)) ?? cannon(url, tokens, { seconds, connections });
}

/** A steady rate of requests a second, whatever the answers take: the load under which latencies are compared. */
export async function steady(url: string, tokens: string[], seconds: number, rate: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true });
  const result = await atRate(seconds, rate, (sent) => ask(agent, url, tokens[sent % tokens.length]!));
  agent.destroy();
  return result;
}

/** The same for any request: `askOnce` says how many milliseconds the one of this number took; null for a fault. */
export async function atRate(
  seconds: number,
  rate: number,
  askOnce: (sent: number) => Promise<number | null>,
): Promise<LoadResult> {
  const pending: Promise<number | null>[] = [];
  const start = performance.now();
  for (let sent = 0; performance.now() - start < seconds * 1000; await sleep(1)) {
    // Open loop: what is due is sent, whether or not the answers before it have come.
    for (; sent < ((performance.now() - start) / 1000) * rate; sent++) pending.push(askOnce(sent));
  }
  const answers = await Promise.all(pending);
  const times = answers.filter((time) => time !== null).toSorted((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)] ?? NaN;
  return {
    rate: times.length / seconds,
    total: times.length,
    p50: at(0.5),
    p99: at(0.99),
    faults: answers.length - times.length,
  };
}

/** Milliseconds until the whole answer is there; null for a fault. */
function ask(agent: Agent, url: string, token: string): Promise<number | null> {
  return new Promise((resolve) => {
    const start = performance.now();
    get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode === 200 ? performance.now() - start : null));
    }).on('error', () => resolve(null));
  });
}

async function cannon(
  url: string,
  tokens: string[],
  { seconds, connections }: { seconds: number; connections: number },
): Promise<LoadResult> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: tokens.map((token) => ({ method: 'GET', headers: { authorization: `Bearer ${token}` } })),
  });
  return {
    rate: result.requests.average,
    total: result.requests.total,
    p50: result.latency.p50,
    p99: result.latency.p99,
    faults: result.non2xx + result.errors,
  };
}

async function saturateWithWrk(
  url: string,
  tokens: string[],
  seconds: number,
  connections: number,
): Promise<LoadResult | null> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  writeFileSync(join(folder, 'tokens'), tokens.join('\n'));
  writeFileSync(join(folder, 'script.lua'), WRK_SCRIPT);
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', join(folder, 'script.lua'), url];
  try {
    const env = { ...process.env, TOKENS: join(folder, 'tokens') };
    const { stdout } = await promisify(execFile)('wrk', options, { env });
    const find = (pattern: RegExp) => pattern.exec(stdout)?.[1] ?? '';
    return {
      rate: Number(find(/Requests\/sec:\s+([\d.]+)/)),
      total: Number(find(/(\d+) requests in/)),
      p50: milliseconds(find(/50%\s+(\S+)/)),
      p99: milliseconds(find(/99%\s+(\S+)/)),
      faults: Number(find(/Non-2xx or 3xx responses: (\d+)/)) + (/Socket errors/.test(stdout) ? 1 : 0),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function milliseconds(text: string): number {
  const [, amount, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  return Number(amount) * { us: 0.001, ms: 1, s: 1000 }[(unit ?? 'ms') as 'us' | 'ms' | 's'];
}
