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
    const err = message instanceof Error ? message : error;
    const fields = typeof message === 'object' && !(message instanceof Error) ? message : {};
    const text = typeof message === 'string' ? message : (err?.message ?? '');
    this.logger[level]({ ...fields, context, stack, err }, text);
  }
}

/** Nest passes an optional stack or error, and the context last. */
function details(rest: unknown[]): { context?: string; stack?: string; error?: Error } {
  const last = rest.at(-1);
  const context = typeof last === 'string' && !last.includes('\n') ? last : undefined;
  const stack = rest.find((part): part is string => typeof part === 'string' && part.includes('\n    at '));
  const error = rest.find((part): part is Error => part instanceof Error);
  return { context, stack, error };
}
