import { AppError } from '../common/errors/app-error.js';
import { AccountAdministrationService } from '../users/account-administration.service.js';
import { UsageError } from './usage-error.js';
import type { Services } from './workbench.js';

export type Account = Awaited<ReturnType<AccountAdministrationService['get']>>;

/** Accounts that are named where an address was cut short. */
const MOST_MEANT = 5;

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
    const detail = `${await describeMiss(services, text)} Nothing was done.`;
    if (error.code === 'validation_failed') throw new UsageError(detail);
    throw new AppError('not_found', { detail, cause: error });
  }
}

/** Whom part of an address might have meant. */
async function describeMiss(services: Services, text: string): Promise<string> {
  const { items } = await services
    .get(AccountAdministrationService)
    .list({ q: text.slice(0, 254), limit: MOST_MEANT + 1 });
  if (items.length > 0 && text.trim() !== '') {
    const meant = items.slice(0, MOST_MEANT).map(nameOf).join(', ');
    const more = items.length > MOST_MEANT ? ', and others' : '';
    return `"${text}" is no whole address. ${items.length === 1 ? 'One account begins' : 'Accounts begin'} with it: ${meant}${more}.`;
  }
  if (text.includes('@')) return `There is no account with the address ${text}.`;
  return `"${text}" is no e-mail address, nor the id of an account. Write the whole address.`;
}

/** How an account is called in sentences. */
export function nameOf({ email, id }: Account): string {
  return email ?? `the deleted account ${id}`;
}
