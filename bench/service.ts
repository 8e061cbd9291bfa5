import { BenchProcess } from './bench-process.js';
import type { Commands } from './service-process.js';

/** The service in a process of its own. */
export class BenchService extends BenchProcess<Commands> {
  url = '';

  /** `processors`: as taskset takes them; without, those that are free. */
  static async start(
    databaseUrl: string,
    processors?: string,
    env: Record<string, string> = {},
  ): Promise<BenchService> {
    const service = new BenchService('service-process.js', { DATABASE_URL: databaseUrl, ...env }, processors);
    await service.ready();
    service.url = `http://127.0.0.1:${await service.ask('port')}`;
    return service;
  }
}
