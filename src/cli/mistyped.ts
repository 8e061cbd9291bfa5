import type { CommandRunner } from 'nest-commander';
import { UsageError } from './usage-error.js';

export type Command = Parameters<CommandRunner['setCommand']>[0];

/** What commander throws. Its code is `commander.unknownOption` and the like. */
export type CommanderError = Parameters<NonNullable<Parameters<Command['exitOverride']>[0]>>[0];

export function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/** Whether commander has printed the help and has nothing else to say. */
export function isHelp({ code, exitCode }: CommanderError): boolean {
  return exitCode === 0 || code === 'commander.help';
}

/** Lets a command throw what is mistyped as a UsageError. `hintFor`: what to do instead, where it knows. */
export function explainMistakes(command: Command, hintFor: (error: CommanderError) => string | null): void {
  command.exitOverride((error) => {
    throw isHelp(error) ? error : mistyped(error, pathOf(command), hintFor(error));
  });
}

/** `path`: the words of the command, such as `user create`. */
export function mistyped({ message }: CommanderError, path: string, hint: string | null = null): UsageError {
  // Two lines where commander guesses what was meant. What stands behind a = may be a secret.
  const text = message
    .replace(/^error: /, '')
    .replace(/\n/, ' ')
    .replace(/('--[\w-]+)=[^\n]*'/, "$1'");
  // Where a command knows better, what was typed may be a secret too.
  const safe = text.replace(/ but got (\d+): .*$/s, ' but got $1').replace(/'(-[a-z])[^-'][^']*'/i, "'$1'");
  const said = (hint === null ? text : safe).replace(/[.]?$/, '.');
  const sentences = [said.charAt(0).toUpperCase() + said.slice(1), hint, `See ${path} --help.`.replace('  ', ' ')];
  return new UsageError(sentences.filter((sentence) => sentence !== null).join(' '));
}

function pathOf(command: Command): string {
  const names: string[] = [];
  for (let at = command; at.parent; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}
