import { Injectable, Logger } from '@nestjs/common';
import { Readiness } from '../common/readiness.js';
import { InstanceHeartbeat } from './instance-heartbeat.js';
import type { RefreshKeyPrint } from './instance.entity.js';
import { InstancesRepository, type InstanceRow } from './instances.repository.js';
import { RevocationHeadRepository } from './revocation-head.repository.js';
import { RevocationSync } from './revocation-sync.js';

/**
 * Whether this instance fits the database and those that run already. Of two with different keys, the one that started
 * later is not ready; of two that follow different logs, the one whose log is not the database's, whatever the others are
 * at. An instance that died or hangs must not take those that are well out of the balancer.
 */
@Injectable()
export class FleetReadiness {
  private readonly logger = new Logger(FleetReadiness.name);
  private told: string | null = null;

  constructor(
    private readonly sync: RevocationSync,
    private readonly instances: InstancesRepository,
    private readonly heads: RevocationHeadRepository,
    private readonly self: InstanceHeartbeat,
    readiness: Readiness,
  ) {
    readiness.add('same database', () => this.describeOtherDatabase());
    readiness.add('instances', () => this.describeMisfit());
  }

  /** Connections opened before a fail-over may lead to the old server, and those after it to the new one. */
  private async describeOtherDatabase(): Promise<string | null> {
    const isSame = async () => (await this.heads.find())?.epoch === this.sync.position?.epoch;
    // Null before the first read, of which the check of the deny-list tells; and both may just have changed.
    if (this.sync.position === null || (await isSame())) return null;
    await this.sync.awaitFresh().catch(() => undefined);
    if (await isSame()) return null;
    return 'Requests and the deny-list are at different databases. Restart this instance, and look where DATABASE_URL leads.';
  }

  private async describeMisfit(): Promise<string | null> {
    const rows = await this.instances.list();
    const mine = rows.find(({ id }) => id === this.self.id);
    const others = rows.filter(({ id }) => id !== this.self.id);
    const problem = this.describeKeys(mine, others);
    if (problem !== this.told && problem !== null) this.logger.error({ message: problem });
    this.told = problem;
    return problem;
  }

  private describeKeys(mine: InstanceRow | undefined, others: InstanceRow[]): string | null {
    const older = others.filter((other) => !mine || startedBefore(other, mine));
    for (const { refresh_keys: theirs } of older) {
      const problem = describeKeyMisfit(this.self.refreshKeys, theirs);
      if (problem) return problem;
    }
    return null;
  }
}

function startedBefore(one: InstanceRow, other: InstanceRow): boolean {
  const difference = one.started_at.getTime() - other.started_at.getTime();
  return difference === 0 ? one.id < other.id : difference < 0;
}

function describeKeyMisfit(mine: RefreshKeyPrint[], theirs: RefreshKeyPrint[]): string | null {
  const same = 'Give all instances the same REFRESH_TOKEN_KEYS.';
  const differs = mine.find(({ id, print }) => theirs.some((their) => their.id === id && their.print !== print));
  if (differs) return `Another instance has another refresh token key under the id "${differs.id}". ${same}`;
  const has = (keys: RefreshKeyPrint[], key: RefreshKeyPrint | undefined) => keys.some(({ id }) => id === key?.id);
  if (theirs[0] && !has(mine, theirs[0])) {
    return `Another instance signs refresh tokens with the key "${theirs[0].id}", which this one lacks. ${same}`;
  }
  if (mine[0] && !has(theirs, mine[0])) {
    return (
      `This instance signs refresh tokens with the key "${mine[0].id}", which another one lacks. ` +
      'Add a new key in second place everywhere, then move it to the first.'
    );
  }
  return null;
}
