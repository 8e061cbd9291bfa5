import type { RecordStore } from './browser-record.js';
import type { Emitter } from './client-events.js';
import type { Environment } from './environment.js';
import type { ServiceCalls } from './service-calls.js';

/**
 * What the parts of a client share. They are functions that close over it rather than classes: no minifier can shorten
 * the name of a member, and every page pays for each byte.
 */
export interface Core {
  environment: Environment;
  /** Of this application in this browser: names its record, its channel and its locks. */
  name: string;
  record: RecordStore;
  events: Emitter;
  calls: ServiceCalls;
  turn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  applicationId: string;
}
