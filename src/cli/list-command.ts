import { Option } from 'nest-commander';
import { OperatorCommand, type CommonOptions } from './operator-command.js';
import { UsageError } from './usage-error.js';

export const USUAL_LIMIT = 50;
const LARGEST_LIMIT = 10_000;

export interface ListOptions extends CommonOptions {
  limit?: number;
}

/** A command that lists the newest of many. */
export abstract class ListCommand<Options extends ListOptions> extends OperatorCommand<Options> {
  @Option({ flags: '--limit <number>', description: `at most so many, the newest (${USUAL_LIMIT})` })
  readLimit(text: string): number {
    const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (limit >= 1 && limit <= LARGEST_LIMIT) return limit;
    throw new UsageError(`--limit takes a whole number from 1 to ${LARGEST_LIMIT}.`);
  }
}
