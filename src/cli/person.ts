import { AppError } from '../common/errors/app-error.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import type { Services } from './workbench.js';

export type Account = Awaited<ReturnType<AccountAdministrationService['get']>>;

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The account that an operator names by its whole e-mail address, however it is typed, or by its id. A part of one is
 * refused even where only one account fits: the next one to register might fit too.
 */
export async function accountOf(services: Services, text: string): Promise<Account> {
  const accounts = services.get(AccountAdministrationService);
  try {
    return await accounts.get(ID.test(text) ? { userId: text.toLowerCase() } : { email: text });
  } catch (error) {
    if (!(error instanceof AppError) || !['not_found', 'validation_failed'].includes(error.code)) throw error;
    const detail = text.includes('@')
      ? `There is no account with the address ${text}. Nothing was done.`
      : `"${text}" is no e-mail address, nor the id of an account. Write the whole address. Nothing was done.`;
    throw new AppError('not_found', { detail, cause: error });
  }
}

/** How an account is called in sentences. */
export function nameOf({ email, id }: Account): string {
  return email ?? `the deleted account ${id}`;
}
