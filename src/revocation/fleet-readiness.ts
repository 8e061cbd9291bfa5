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
    const problem = this.describeKeys(await this.instances.list());
    if (problem !== this.told && problem !== null) this.logger.error({ message: problem });
    this.told = problem;
    return problem;
  }

  /** Whoever does not fit those that came before is not ready, and nobody who comes later has to fit it. */
  private describeKeys(rows: InstanceRow[]): string | null {
    const fitting: RefreshKeyPrint[][] = [];
    for (const { id, refresh_keys: keys } of rows.toSorted(byStart)) {
      if (id === this.self.id) break;
      if (findMisfit(keys, fitting) === null) fitting.push(keys);
    }
    return findMisfit(this.self.refreshKeys, fitting);
  }
}

function byStart(one: InstanceRow, other: InstanceRow): number {
  return one.started_at.getTime() - other.started_at.getTime() || (one.id < other.id ? -1 : 1);
}

/** What is wrong with these keys beside those of others; null when they fit all of them. */
function findMisfit(mine: RefreshKeyPrint[], others: RefreshKeyPrint[][]): string | null {
  for (const theirs of others) {
    const problem = describeKeyMisfit(mine, theirs);
    if (problem !== null) return problem;
  }
  return null;
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
