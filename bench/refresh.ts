import { Agent, request } from 'node:http';
import pg from 'pg';
import { loadConfig } from '../src/config.js';
import { rotateSql } from '../src/sessions/refresh.repository.js';
import { median, row, type Row } from './report.js';
import { pin } from './bench-process.js';
import { BenchService } from './service.js';

const SESSIONS = 2_000;
const CONNECTIONS = 16;
const ROUNDS = 5;
const SECONDS = 4;

/** Refresh over HTTP beside a bare `pg` script that runs the same UPDATE, on the same server, as many at a time. */
export async function measureRefresh(databaseUrl: string): Promise<Row[]> {
  const service = await BenchService.start(databaseUrl, '0', { DATABASE_POOL_SIZE: String(CONNECTIONS) });
  const overHttp = await service.ask('sessions', SESSIONS);
  const bare = await service.ask('sessions', SESSIONS);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  const statement = rotateSql(
    loadConfig({
      DATABASE_URL: databaseUrl,
      KEY_ENCRYPTION_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
      REFRESH_TOKEN_KEYS: `b:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`,
    }),
  );
  const generations = bare.ids.map(() => 1);
  const secretHash = Buffer.from(bare.secretHash, 'hex');
  const updateOne = async (place: number) => {
    const values = [bare.ids[place], generations[place]!++, secretHash, 'account', 'body', '127.0.0.1', false];
    const { rowCount } = await pool.query(statement, values);
    if (rowCount !== 1) throw new Error('the bare script lost a generation');
  };

  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const tokens = [...overHttp.refreshTokens];
  const refreshOne = async (place: number) => {
    const answer = await post(agent, `${service.url}/v1/auth/refresh`, { refreshToken: tokens[place] });
    tokens[place] = answer.refreshToken;
  };

  const unpin = pin(process.pid, '1');
  await inTurn(refreshOne, 2);
  await inTurn(updateOne, 2);
  const pairs: { http: number; pg: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const http = await inTurn(refreshOne, SECONDS);
    pairs.push({ http, pg: await inTurn(updateOne, SECONDS) });
  }
  await pool.end();
  agent.destroy();
  service.stop();
  unpin();
  const ratios = pairs.map((pair) => pair.http / pair.pg);
  return [
    row(
      `Refresh over HTTP ÷ the same UPDATE by a bare pg script (${CONNECTIONS} at a time)`,
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      '≥ 0.5',
      `${Math.round(median(pairs.map(({ http }) => http)))} of ${Math.round(median(pairs.map(({ pg }) => pg)))} a second`,
    ),
  ];
}

/** Runs `once` CONNECTIONS at a time, each over its own sessions; how many a second. */
async function inTurn(once: (place: number) => Promise<void>, seconds: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, worker) => {
      for (let place = worker; performance.now() - start < seconds * 1000; place += CONNECTIONS) {
        await once(place % SESSIONS);
        done++;
      }
    }),
  );
  return done / ((performance.now() - start) / 1000);
}

function post(agent: Agent, url: string, body: unknown): Promise<{ refreshToken: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode === 200) resolve(JSON.parse(text) as { refreshToken: string });
          else reject(new Error(`${answer.statusCode}: ${text}`));
        });
      },
    );
    sending.on('error', reject);
    sending.end(JSON.stringify(body));
  });
}
