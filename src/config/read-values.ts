import { readFileSync } from 'node:fs';
import { describeReadFailure } from './file-failure.js';
import type { ConfigFault } from './config-error.js';
import { variables, type VariableName, type Values } from './variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What could be read of the environment, and every fault found on the way. */
export interface Reading<Name extends VariableName> {
  values: Partial<Values<Name>>;
  faults: ConfigFault[];
}

/** Parses each of the named variables by itself, so that one fault hides no other. */
export function readValues<Name extends VariableName>(env: Environment, names: readonly Name[]): Reading<Name> {
  const values: Partial<Record<Name, unknown>> = {};
  const faults: ConfigFault[] = [];
  for (const name of names) {
    try {
      values[name] = readValue(env, name);
    } catch (fault) {
      if (!(fault instanceof ReadingFault)) throw fault;
      faults.push({ variable: fault.variable, problem: fault.message });
    }
  }
  return { values: values as Partial<Values<Name>>, faults };
}

export function isProduction(env: Environment): boolean {
  return env.NODE_ENV === 'production';
}

class ReadingFault extends Error {
  constructor(
    readonly variable: string,
    problem: string,
  ) {
    super(problem);
  }
}

function readValue(env: Environment, name: VariableName): unknown {
  const { schema, ...variable } = variables[name];
  const fallback = isProduction(env)
    ? (('productionFallback' in variable ? variable.productionFallback : undefined) ?? fallbackOf(variable))
    : fallbackOf(variable);
  const text = ('secret' in variable ? readSecret(env, name) : present(env[name])) ?? fallback;
  if (text !== undefined) return parseText(name, schema, text);
  if (!isProduction(env) || !('neededInProduction' in variable)) return undefined;
  const file = 'secret' in variable ? ` (or ${name}_FILE)` : '';
  throw new ReadingFault(name, `is missing${file}. NODE_ENV=production needs it. ${variable.meaning}`);
}

function fallbackOf(variable: object): string | undefined {
  return 'fallback' in variable ? (variable.fallback as string) : undefined;
}

function parseText(name: VariableName, schema: (typeof variables)[VariableName]['schema'], text: string): unknown {
  const result = schema.safeParse(text);
  if (result.success) return result.data;
  throw new ReadingFault(name, result.error.issues[0]?.message ?? 'cannot be read.');
}

/** NAME, or the content of the file NAME_FILE without the line break editors and secret stores put at its end. */
function readSecret(env: Environment, name: VariableName): string | undefined {
  const [direct, path] = [present(env[name]), present(env[`${name}_FILE`])];
  if (path === undefined) return direct;
  if (direct !== undefined) throw new ReadingFault(name, `is set twice, here and by ${name}_FILE. Keep one of them.`);
  const content = readSecretFile(name, path);
  if (content === '') throw new ReadingFault(`${name}_FILE`, 'is an empty file. Write the secret into it.');
  return content;
}

function readSecretFile(name: VariableName, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new ReadingFault(`${name}_FILE`, describeReadFailure(cause));
  }
}

/** `NAME=` in a compose or .env file means that it is not set. */
function present(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
