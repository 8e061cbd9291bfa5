import { Injectable } from '@nestjs/common';
import { justified, type Act } from '../audit/act.js';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/errors/app-error.js';
import { Database, type Transaction } from '../database/database.js';
import type { RevocationDraft } from '../revocation/revocation-draft.js';
import { RevocationsService } from '../revocation/revocations.service.js';
import { PUBLISHED_BEFORE_USE } from './key-plan.js';
import { KeyRotationService } from './key-rotation.service.js';
import { KeyVault, type Seal } from './key-vault.js';
import { KeysService } from './keys.service.js';
import type { SigningAlgorithm, SigningKeyStatus } from './signing-key.entity.js';
import { SigningKeysRepository, type SigningKeyRow } from './signing-keys.repository.js';

/** A signing key as an operator sees it. Times are ISO 8601. */
export interface SigningKeyView {
  kid: string;
  algorithm: SigningAlgorithm;
  status: SigningKeyStatus;
  /** Whether it is in the published key set now. */
  published: boolean;
  /** Null once its private half was erased. */
  sealedBy: Seal | null;
  createdAt: string;
  activatedAt: string | null;
  retiredAt: string | null;
  withdrawnAt: string | null;
}

/** What operators do with the signing keys. Each act throws `validation_failed` without a reason. */
@Injectable()
export class KeyAdministrationService {
  constructor(
    private readonly database: Database,
    private readonly keys: SigningKeysRepository,
    private readonly vault: KeyVault,
    private readonly rotation: KeyRotationService,
    private readonly revocations: RevocationsService,
    private readonly audit: AuditService,
    private readonly current: KeysService,
  ) {}

  /** Every key that ever was, the newest first. */
  async list(): Promise<SigningKeyView[]> {
    return (await this.keys.list()).map((row) => this.describe(row));
  }

  /** Lets the standby sign from now on; returns it. Throws `conflict` while it has not been published for long enough. */
  async rotate(given: Act): Promise<SigningKeyView> {
    const act = justified(given);
    const spare = await this.rotation.makeSpare();
    await this.database.transaction(async (tx) => {
      const rows = await this.keys.lock(tx);
      this.assertOurs(rows.filter(({ status }) => status === 'active'));
      const plan = this.rotation.plan(rows, true);
      if (plan.promote === null) throw tooEarly(rows);
      await this.rotation.carryOut(tx, plan, spare, act);
    });
    return this.reload();
  }

  /**
   * Refuses everything that a key signed, for good and at once, and lets the standby sign if it was the active one.
   * Returns the key that signs now. Throws `not_found`, or `conflict` for one that was withdrawn before.
   */
  async withdraw(kid: string, given: Act): Promise<SigningKeyView> {
    const act = justified(given);
    const { actor, reason } = act;
    const spare = await this.rotation.makeSpare();
    await this.revocations.commit(async (tx) => {
      const rows = await this.keys.lock(tx);
      this.assertOurs(rows.filter(({ status }) => status === 'active'));
      assertWithdrawable(rows.find((row) => row.kid === kid));
      await this.keys.withdraw(tx, [kid]);
      const left = rows.filter((row) => row.kid !== kid);
      const plan = this.rotation.plan(left);
      await this.rotation.carryOut(tx, plan, spare, act);
      await this.audit.record(tx, { type: 'signing_key.withdrawn', userId: null, ...act, details: { kid } });
      return { result: undefined, revocations: [{ kind: 'key', subject: kid, permanent: true, reason, actor }] };
    });
    return this.reload();
  }

  /**
   * Withdraws every key and makes new ones: for a restored backup, which does not know whether one of its keys was
   * withdrawn since. Returns the lines of the deny-list; `reload` tells the key that signs once they are committed.
   */
  async withdrawAll(tx: Transaction, given: Act): Promise<RevocationDraft[]> {
    const act = justified(given);
    const { actor, reason } = act;
    const spare = await this.rotation.makeSpare();
    const rows = (await this.keys.lock(tx)).filter(({ status }) => status !== 'withdrawn');
    const kids = rows.map(({ kid }) => kid);
    await this.keys.withdraw(tx, kids);
    await this.rotation.carryOut(tx, this.rotation.plan([]), spare, act);
    const record = { type: 'signing_key.withdrawn', userId: null, ...act } as const;
    await this.audit.recordAll(
      tx,
      kids.map((kid) => ({ ...record, details: { kid } })),
    );
    return kids.map((kid) => ({ kind: 'key', subject: kid, permanent: true, reason, actor }));
  }

  /**
   * Seals under KEY_ENCRYPTION_KEY what KEY_ENCRYPTION_KEY_PREVIOUS sealed, and says how many keys that were: after it
   * the previous one can go. Throws `conflict`, having changed nothing, when one of them opens with neither.
   */
  async reseal(given: Act): Promise<number> {
    const act = justified(given);
    return this.database.transaction(async (tx) => {
      const sealed = (await this.keys.lock(tx)).filter((row) => row.private_key_encrypted);
      this.assertOurs(sealed);
      const outdated = sealed.filter((row) => this.vault.sealOf(row) !== 'current');
      for (const row of outdated) await this.keys.reseal(tx, row.kid, this.vault.reseal(row));
      if (outdated.length === 0) return 0;
      const details = { kids: outdated.map(({ kid }) => kid) };
      await this.audit.record(tx, { type: 'signing_keys.resealed', userId: null, ...act, details });
      return outdated.length;
    });
  }

  /**
   * What this instance signs with follows before it answers; the others follow by the deny-list, or within a minute.
   * Returns the key that signs now.
   */
  async reload(): Promise<SigningKeyView> {
    await this.current.load();
    const keys = await this.list();
    return keys.find(({ status }) => status === 'active')!;
  }

  /** What is made here is sealed under the key that is set here: the instances must be able to open it. */
  private assertOurs(rows: SigningKeyRow[]): void {
    if (rows.every((row) => this.vault.sealOf(row) !== 'unknown')) return;
    throw new AppError('conflict', {
      detail:
        'The signing keys were sealed with another KEY_ENCRYPTION_KEY than the one that is set here. Set that of the ' +
        'running instances. Nothing was changed.',
    });
  }

  private describe(row: SigningKeyRow): SigningKeyView {
    const { kid, algorithm, status, published } = row;
    return {
      kid,
      algorithm,
      status,
      published,
      sealedBy: this.vault.sealOf(row),
      createdAt: row.created_at.toISOString(),
      activatedAt: row.activated_at?.toISOString() ?? null,
      retiredAt: row.retired_at?.toISOString() ?? null,
      withdrawnAt: row.withdrawn_at?.toISOString() ?? null,
    };
  }
}

function assertWithdrawable(row: SigningKeyRow | undefined): void {
  if (!row) throw new AppError('not_found', { detail: 'There is no such signing key. List them to see their ids.' });
  if (row.status === 'withdrawn') {
    throw new AppError('conflict', { detail: 'This signing key has been withdrawn already. Nothing was changed.' });
  }
}

function tooEarly(rows: SigningKeyRow[]): AppError {
  const youngest = rows.filter(({ status }) => status === 'standby').map(({ age }) => age);
  const minutes = Math.ceil((PUBLISHED_BEFORE_USE - Math.max(0, ...youngest)) / 60);
  return new AppError('conflict', {
    detail:
      `The next signing key has not been published for long enough: in ${minutes} min everyone who keeps the key set ` +
      'knows it. Try again then; if a key has leaked, withdraw it instead, which does not wait.',
  });
}
