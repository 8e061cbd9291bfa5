import type { LoggerService } from '@nestjs/common';

import type { Logger } from './logger.js';

/** What Nest tells about its own start: useful when wiring modules, noise to an operator. */
const wiring = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver', 'NestFactory', 'NestApplication']);

/** Nest's `Logger` (also the one in services), written as the same JSON lines; the context is the class that speaks. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    const { context } = details(rest);
    this.write(wiring.has(context ?? '') ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const { context, error, stack } = details(rest);
    const { text, thrown, fields } = parts(message);
    const err = thrown ?? error;
    this.logger[level]({ ...fields, context, stack, err }, text ?? (err instanceof Error ? err.message : ''));
  }
}

/**
 * A text, an error, or `{ message, error, ...fields }`. The error goes to the one field that is cut down to what may be
 * logged: as it is, an error of the database driver holds the parameters of its statement.
 */
function parts(message: unknown): { text?: string; thrown?: unknown; fields?: Record<string, unknown> } {
  if (message instanceof Error) return { thrown: message };
  if (typeof message !== 'object' || message === null) return { text: String(message) };
  const { message: text, error: thrown, ...fields } = message as Record<string, unknown>;
  return { ...(typeof text === 'string' && { text }), thrown, fields };
}

/** Nest passes an optional stack or error, and the context last. */
function details(rest: unknown[]): { context?: string; stack?: string; error?: Error } {
  const last = rest.at(-1);
  const context = typeof last === 'string' && !last.includes('\n') ? last : undefined;
  const stack = rest.find((part): part is string => typeof part === 'string' && part.includes('\n    at '));
  const error = rest.find((part): part is Error => part instanceof Error);
  return { context, stack, error };
}
