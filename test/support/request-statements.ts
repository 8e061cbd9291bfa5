import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:http';
import pg from 'pg';
import type { Service } from './service.js';

/**
 * The statements that requests to this service cost while `work` runs, in order. What an instance does by itself, however
 * many requests there are, is not among them: a statement is a request's if it was asked for in answering it.
 */
export async function statementsOfRequests({ app }: Service, work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const answering = new AsyncLocalStorage<true>();
  const server = app.getHttpServer() as Server;
  const { prototype } = pg.Client;
  const { emit } = server;
  const { query } = prototype;
  server.emit = ((...given: [string, ...unknown[]]) => {
    const pass = () => Reflect.apply(emit, server, given) as boolean;
    return given[0] === 'request' ? answering.run(true, pass) : pass();
  }) as typeof emit;
  prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [asked] = given as [string | { text?: string }];
    if (answering.getStore()) statements.push(typeof asked === 'string' ? asked : String(asked.text));
    return Reflect.apply(query, this, given) as unknown;
  } as typeof query;
  try {
    await work();
    return statements;
  } finally {
    server.emit = emit;
    prototype.query = query;
  }
}
