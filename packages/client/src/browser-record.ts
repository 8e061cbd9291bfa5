import type { Environment } from './environment.js';
import type { SignedOutReason } from './session-state.js';

/** What all tabs of this browser know, also those that were not running. No secret is in it. */
export interface BrowserRecord {
  /** Who is signed in here. */
  user?: string;
  session?: string;
  /** When tokens last came: milliseconds since 1970 by this device's clock. */
  at?: number;
  /** A session signed out here that the server does not know of yet. */
  signOut?: string;
  /** Nobody is, as the server said or will be told. Without it, as in storage that was cleared, nothing is known. */
  isAnonymous?: boolean;
  /** Why nobody is signed in any more. */
  reason?: SignedOutReason;
}

export interface RecordStore {
  /** Empty when nothing is known. */
  read(): BrowserRecord;
  write(record: BrowserRecord): void;
}

/** The record in localStorage. In memory where the browser forbids storage: each tab is on its own then. */
export function createRecordStore({ storage }: Environment, key: string): RecordStore {
  let memory: BrowserRecord = {};
  return {
    read() {
      try {
        return Object(JSON.parse(storage()!.getItem(key) ?? '{}')) as BrowserRecord;
      } catch {
        return memory;
      }
    },
    write(record) {
      memory = record;
      try {
        storage()!.setItem(key, JSON.stringify(record));
      } catch {
        // Forbidden or full: this tab remembers, which is all it can do.
      }
    },
  };
}
