import { Injectable, Logger } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Config } from '../config.js';
import { Database, type Transaction } from '../database/database.js';
import { isEmpty, planRotation, type KeyPlan } from './key-plan.js';
import { KeyVault } from './key-vault.js';
import { SigningKeysRepository, type NewSigningKey, type SigningKeyRow } from './signing-keys.repository.js';

/** By whom and why a key is changed. */
export interface KeyChange {
  actor: string;
  reason: string;
}

const BY_ITSELF: KeyChange = { actor: 'system', reason: 'scheduled' };

/** Carries out what `planRotation` says, once in the fleet: whoever comes second finds nothing left to do. */
@Injectable()
export class KeyRotationService {
  private readonly logger = new Logger(KeyRotationService.name);

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly keys: SigningKeysRepository,
    private readonly vault: KeyVault,
    private readonly audit: AuditService,
  ) {}

  /**
   * Whether the keys, as they were read, need anything. `denied`: those that the deny-list names although their rows do
   * not say so, as after a restored backup.
   */
  isDue(rows: SigningKeyRow[], denied: string[]): boolean {
    return denied.length > 0 || !isEmpty(this.plan(rows));
  }

  /** Makes the first keys, keeps one on standby, and rotates when it is time. */
  async keepUp(denied: string[]): Promise<void> {
    const spare = await this.makeSpare();
    const promoted = await this.database.transaction(async (tx) => {
      const rows = await this.keys.lock(tx);
      await this.keys.withdraw(tx, denied);
      const left = rows.filter((row) => !denied.includes(row.kid));
      return this.carryOut(tx, this.plan(left), spare, BY_ITSELF);
    });
    if (promoted) this.logger.log({ message: 'Access tokens are signed with another key now.', kid: promoted });
  }

  /** Keys made before a transaction, which should not wait for them: two are all that a plan can ask for. */
  makeSpare(): Promise<NewSigningKey[]> {
    return Promise.all([0, 1].map(() => this.vault.make(this.config.signingAlgorithm)));
  }

  plan(rows: SigningKeyRow[], atOnce = false): KeyPlan {
    return planRotation(rows, { algorithm: this.config.signingAlgorithm, interval: this.config.keyRotation }, atOnce);
  }

  /** The kid of the standby that signs from now on; null when the same key goes on. */
  async carryOut(tx: Transaction, plan: KeyPlan, spare: NewSigningKey[], by: KeyChange): Promise<string | null> {
    await this.keys.retire(tx, plan.retire);
    if (plan.promote !== null) await this.keys.promote(tx, plan.promote);
    for (const [place, { status }] of plan.make.entries()) await this.keys.insert(tx, spare[place]!, status);
    if (plan.promote === null) return null;
    const details = { kid: plan.promote, retired: plan.retire };
    await this.audit.record(tx, { type: 'signing_key.rotated', userId: null, ...by, details });
    return plan.promote;
  }
}
