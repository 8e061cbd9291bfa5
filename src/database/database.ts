import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type pg from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { Config } from '../config.js';
import type { PurgedBatch } from './purge-at-pace.js';
import { cutOff } from './reserved-connection.js';

/** What can run a statement: the database itself (one statement, its own transaction) or a running transaction. */
export interface Queryable {
  /** Rows of a SELECT, or of what RETURNING names; an empty array when there are none. */
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

/** A running transaction: the first argument of whatever must be committed together. */
export class Transaction implements Queryable {
  constructor(private readonly runner: QueryRunner) {}

  /** For modules that keep their own tables with TypeORM repositories: `tx.manager.getRepository(Note)`. */
  get manager(): EntityManager {
    return this.runner.manager;
  }

  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]> {
    return run<Row>(this.runner, sql, parameters);
  }
}

/** Which rows a purge deletes: SQL of the repository whose table it is. */
export interface DeadRows {
  table: string;
  /** When a row died, as an index has it. */
  diedAt: string;
  /** Of `diedAt`. */
  type: 'timestamptz' | 'bigint';
  /** Those that died before are deleted. Its parameters begin with $3. */
  until: string;
  parameters?: unknown[];
}

@Injectable()
export class Database implements Queryable {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly config: Config,
  ) {}

  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.pool.query<Row & pg.QueryResultRow>(sql, parameters);
    return rows;
  }

  /**
   * As `query`, for a statement that runs often: each connection parses and plans it once. `name` stands for this very
   * text. Where nobody may listen, a pooler hands out connections by transaction: the next one would not know the name.
   */
  async queryPrepared<Row>(name: string, sql: string, parameters: unknown[]): Promise<Row[]> {
    if (!this.config.revocationListen) return this.query(sql, parameters);
    const { rows } = await this.pool.query<Row & pg.QueryResultRow>({ name, text: sql, values: parameters });
    return rows;
  }

  /** Of the pool; `waiting`: those who wait for one. */
  get connections(): { total: number; idle: number; waiting: number } {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this.pool;
    return { total, idle, waiting };
  }

  /** TypeORM's own pool: a single statement needs none of the rest of its query runner, and refresh is measured. */
  private get pool(): pg.Pool {
    return (this.dataSource.driver as unknown as { master: pg.Pool }).master;
  }

  /**
   * Commits what `work` did, or nothing of it. READ COMMITTED: every rule that two transactions could break together
   * is one conditional statement or holds a row lock.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.isolated('READ COMMITTED', work);
  }

  /** All statements of `work` see the database as it stood at the first of them. */
  snapshot<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.isolated('REPEATABLE READ', work);
  }

  /**
   * Deletes up to `limit` of the dead rows, the first to have died from `from` on (null: the first of all); none that
   * somebody holds. Its commit does not wait for the disk, which requests wait for: what a crash brings back is purged
   * again.
   */
  purge({ table, diedAt, type, until, parameters = [] }: DeadRows, limit: number, from: string | null) {
    return this.transaction(async (tx): Promise<PurgedBatch> => {
      await tx.query('set local synchronous_commit = off');
      const [batch] = await tx.query<{ rows: string; last: string | null }>(
        // An array is made once. `in (select …)` may be read anew for each row of the table, where its statistics say
        // that it has next to none, and then locks and deletes more than `limit`. A row that is changed in this moment
        // has another ctid by now and is left to the next run.
        `with purged as (
           delete from ${table} where ctid = any (array(
             select ctid from ${table}
              where ${diedAt} < ${until} and ($2::${type} is null or ${diedAt} >= $2)
              order by ${diedAt} limit $1 for update skip locked))
           returning ${diedAt} as died_at)
         select count(*) as rows, max(died_at)::text as last from purged`,
        [limit, from, ...parameters],
      );
      return { rows: Number(batch?.rows), last: batch?.last ?? null };
    });
  }

  private async isolated<T>(
    level: 'READ COMMITTED' | 'REPEATABLE READ',
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction(level);
      const result = await work(new Transaction(runner));
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await this.rollBack(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /**
   * Never throws: the error before is the one to tell. A connection that could not roll back is cut: its server may only
   * have stood still, and whoever got it next would go on in this transaction, and commit it. Once it has ended, the pool
   * knows, and gives it to nobody who waits.
   */
  private async rollBack(runner: QueryRunner): Promise<void> {
    const client = (await runner.connect()) as pg.Client;
    await runner.rollbackTransaction().catch(() => cutOff(client));
  }
}

async function run<Row>(runner: QueryRunner, sql: string, parameters?: unknown[]): Promise<Row[]> {
  const { records } = await runner.query(sql, parameters, true);
  return (records ?? []) as Row[];
}
