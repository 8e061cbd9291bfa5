import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Public } from '../common/access.js';
import { ApplicationCredentials } from './application-credentials.service.js';

/** Requests that came with an application's credentials, and whose they were. */
const applications = new WeakMap<FastifyRequest, string>();

@Injectable()
export class ApplicationGuard implements CanActivate {
  constructor(private readonly credentials: ApplicationCredentials) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    applications.set(request, await this.credentials.authenticate(request));
    return true;
  }
}

/** For back ends: only with an application's credentials, and no person's token. */
export const FromApplication = () => applyDecorators(Public(), UseGuards(ApplicationGuard));

/** The id of the application that sent the running request. */
export const CurrentApplication = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const application = applications.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (application === undefined) throw new Error('@CurrentApplication() without @FromApplication(): nobody is known.');
  return application;
});
