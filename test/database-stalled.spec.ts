import pg from 'pg';
import { DataSource } from 'typeorm';
import { Database } from '../src/database/database.js';
import { poll } from './support/poll.js';
import { startService, type Service } from './support/service.js';
import { startProxy, type TcpProxy } from './support/tcp-proxy.js';

let one: Service;
/** Its database can be made to stand still. */
let two: Service;
let proxy: TcpProxy;
let database: Database;

beforeAll(async () => {
  one = await startService();
  await one.db.query('create table notes (text text)');
  await one.db.query('grant all on notes to public');
  proxy = await startProxy(one.db.url);
  two = await startService({ besides: one, env: { DATABASE_URL: proxy.url, DATABASE_POOL_SIZE: '2' } });
  database = two.app.get(Database, { strict: false });
  boundAnswers();
});
afterAll(async () => {
  await two.stop();
  await proxy.close();
  await one.stop();
});

/** Milliseconds that the pool's connections wait for an answer. */
let limit = 35_000;

function boundAnswers(): void {
  const { master } = two.app.get(DataSource, { strict: false }).driver as unknown as { master: pg.Pool };
  master.on('acquire', (client) => {
    (client as unknown as { connectionParameters: pg.ClientConfig }).connectionParameters.query_timeout = limit;
  });
}

const write = (text: string) => database.query('insert into notes values ($1)', [text]);
const inDatabase = async () => (await one.db.query('select text from notes')).map(({ text }) => text as string);

test('a transaction that was given up while the database stood still is never committed, and takes no other along', async () => {
  limit = 300;
  const failed = database.transaction(async (tx) => {
    await tx.query(`insert into notes values ('given up')`);
    proxy.hold();
    await tx.query(`insert into notes values ('given up too')`);
  });
  await expect(failed).rejects.toThrow('timeout');
  proxy.goOn();
  limit = 35_000;
  // As many at once as the pool has connections: each meets one.
  const texts = ['a', 'b', 'c', 'd'];
  await poll(() => write('first').then(Boolean, () => false));
  await Promise.all(texts.map(write));
  await Promise.all(
    texts.map((text) => database.transaction((tx) => tx.query('insert into notes values ($1)', [text]))),
  );
  expect((await inDatabase()).toSorted()).toEqual(['first', ...texts, ...texts].toSorted());
  const open = `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`;
  await poll(async () => (await one.db.query(open)).length === 0);
});

test('who waits for a connection meanwhile gets one that works', async () => {
  limit = 300;
  let held = 0;
  const stuck = ['x', 'y'].map((text) =>
    database.transaction(async (tx) => {
      await tx.query('insert into notes values ($1)', [text]);
      held += 1;
      await poll(() => held === 3);
      await tx.query('insert into notes values ($1)', [text]);
    }),
  );
  await poll(() => held === 2);
  limit = 35_000;
  const waiting = Array.from({ length: 6 }, (_, n) => write(`waited ${n}`));
  proxy.freezeOpen();
  held += 1;
  for (const one of await Promise.allSettled(stuck)) expect(one.status).toBe('rejected');
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(Array(6).fill('fulfilled'));
});
