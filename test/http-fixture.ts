import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import type { AddressInfo } from 'node:net';

import {
  Body,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Module,
  Param,
  Post,
  Query,
  StreamableFile,
} from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';

import { PUBLIC, Public } from '../src/common/access.js';
import { AppError } from '../src/common/errors/app-error.js';
import { createHttpApplication } from '../src/common/http/http-application.js';
import type { HttpSettings } from '../src/common/http/http-application.js';
import { Metrics } from '../src/common/metrics/metrics.js';
import { Readiness } from '../src/common/readiness.js';

const SignUp = z.strictObject({
  email: z.email().max(254),
  password: z.string().min(8),
  age: z.number().int().optional(),
  tags: z.array(z.string().max(3)).max(50).optional(),
});
const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  name: z.string().optional(),
});

/** What the next call of `GET /v1/fixture/throw` throws. */
export const thrown: { next: unknown } = { next: null };

/** Characters. */
export const BIG = 20_000_000;

@Public()
@Controller('v1/fixture')
class FixtureController {
  @Get('plain')
  plain() {
    return { ok: true };
  }

  @Post('sign-up')
  @HttpCode(200)
  signUp(@Body({ schema: SignUp }) body: unknown) {
    return { body };
  }

  @Post('bodiless')
  @HttpCode(204)
  bodiless() {}

  @Get('list')
  list(@Query({ schema: Page }) query: unknown) {
    return { query };
  }

  @Get('items/:id')
  item(@Param('id', { schema: z.uuid() }) id: string) {
    return { id };
  }

  @Get('throw')
  throw() {
    throw thrown.next;
  }

  @Get('slow')
  async slow() {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { finished: true };
  }

  /** More than the buffers of a connection hold, and handed over at once. */
  @Get('big')
  big() {
    return { text: 'x'.repeat(BIG) };
  }

  @Get('endless')
  endless() {
    return new StreamableFile(createReadStream('/dev/zero'));
  }
}

/** Behind the guard. */
@Controller('v1/private')
class PrivateController {
  @Get('secret')
  secret() {
    return { secret: 'behind the guard' };
  }
}

@Injectable()
class TokenGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()])) return true;
    throw new AppError('token_missing');
  }
}

@Module({
  controllers: [FixtureController, PrivateController],
  providers: [Readiness, Metrics, { provide: APP_GUARD, useClass: TokenGuard }],
})
class FixtureModule {}

export interface RunningApp {
  app: NestFastifyApplication;
  url: string;
  port: number;
  /** Everything the application has logged, as written. */
  logged(): string;
  close(): Promise<void>;
}

/** The HTTP layer on an ephemeral port, in front of a few routes of no meaning. */
export async function startFixture(settings: Partial<HttpSettings> = {}, module = FixtureModule): Promise<RunningApp> {
  let log = '';
  const logStream = new Writable({
    write(chunk, _encoding, done) {
      log += String(chunk);
      done();
    },
  });
  const app = await createHttpApplication(
    { publicUrl: 'https://id.example.test', corsOrigins: [], trustProxy: false, logLevel: 'info', ...settings },
    module,
    { logStream },
  );
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, port, url: `http://127.0.0.1:${port}`, logged: () => log, close: () => app.close() };
}

/** Sends bytes as they are and returns everything that comes back until the connection closes. */
export function sendRaw(port: number, bytes: string, deadline = 5_000): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(deadline, () => socket.destroy(new Error(`No answer within ${deadline} ms: ${bytes}`)));
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject).on('close', () => resolve(answer));
  });
}

/** One request with this request line, on a connection of its own. */
export function rawRequest(port: number, requestLine: string, headers: string[] = []): Promise<string> {
  const lines = [`${requestLine} HTTP/1.1`, 'Host: id.example.test', 'Connection: close', ...headers];
  return sendRaw(port, `${lines.join('\r\n')}\r\n\r\n`);
}

export async function jsonOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}
