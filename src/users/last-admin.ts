import { AppError } from '../common/errors/app-error.js';
import { isActiveAdmin, type LockedAccount } from './accounts.repository.js';

/**
 * Somebody must remain who can let others in again. Throws `conflict` when the account is the last active administrator
 * and would not be one any more. `after`: what it becomes; null when it is deleted.
 */
export function assertAdminRemains(
  before: LockedAccount | null,
  after: Pick<LockedAccount, 'status' | 'roles'> | null,
): void {
  if (before === null || !isActiveAdmin(before) || before.otherAdmins > 0) return;
  if (after !== null && isActiveAdmin(after)) return;
  throw new AppError('conflict', {
    detail: 'This is the last active administrator. Give another account the role admin first.',
  });
}
