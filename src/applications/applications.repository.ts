import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

@Injectable()
export class ApplicationsRepository {
  constructor(private readonly database: Database) {}

  async isEnabled(applicationId: string): Promise<boolean> {
    const [row] = await this.database.query<{ enabled: boolean }>('select enabled from applications where id = $1', [
      applicationId,
    ]);
    return row?.enabled ?? false;
  }
}
