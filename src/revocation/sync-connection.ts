import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { ReservedConnection } from '../database/reserved-connection.js';

/** A read that takes longer, in milliseconds, is given up: its connection is as good as dead, the next takes another. */
const READ_LIMIT_MS = 3_000;

/** The connection by which this instance follows the log, so that a busy pool cannot make its deny-list stale. */
@Injectable()
export class SyncConnection extends ReservedConnection {
  constructor(config: Config) {
    super(config, 'portcullis-sync', READ_LIMIT_MS);
  }
}
