import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** The end of the log, for whoever looks at it from outside. */
@Injectable()
export class RevocationHeadRepository {
  constructor(private readonly database: Database) {}

  async find(): Promise<{ epoch: string; seq: number } | null> {
    const [row] = await this.database.query<{ epoch: string; seq: string }>('select epoch, seq from revocation_head');
    return row ? { epoch: row.epoch, seq: Number(row.seq) } : null;
  }
}
