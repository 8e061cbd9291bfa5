import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BenchProcess } from './bench-process.js';
import type { Commands } from './service-process.js';

/** As in production: what stands between `node` and the program. */
const { scripts } = createRequire(import.meta.url)(join(process.cwd(), 'package.json')) as {
  scripts: Record<'start:prod', string>;
};
const FLAGS = scripts['start:prod'].split(' ').slice(1, -1);

/** The service in a process of its own. */
export class BenchService extends BenchProcess<Commands> {
  url = '';

  /** `processors`: as taskset takes them; without, those that are free. */
  static async start(
    databaseUrl: string,
    processors?: string,
    env: Record<string, string> = {},
  ): Promise<BenchService> {
    const service = new BenchService('service-process.js', { DATABASE_URL: databaseUrl, ...env }, processors, FLAGS);
    await service.ready();
    service.url = `http://127.0.0.1:${await service.ask('port')}`;
    return service;
  }
}
