import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Public } from '../common/access.js';
import { AppError } from '../common/errors/app-error.js';
import { ApplicationCredentials, type Client } from './application-credentials.service.js';
import { ApplicationsService } from './applications.service.js';
import type { Permission } from './known-application.js';

/** Requests that came from an application, and from which. */
const clients = new WeakMap<FastifyRequest, Client>();

/** The key under which a route says what its application must be permitted. */
export const PERMISSION = 'portcullis:permission';

@Injectable()
export class ApplicationGuard implements CanActivate {
  constructor(
    private readonly credentials: ApplicationCredentials,
    private readonly applications: ApplicationsService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const applicationId = await this.credentials.authenticate(request);
    const permissionOf = (target: object): Permission | undefined => Reflect.getMetadata(PERMISSION, target);
    this.assertPermitted(applicationId, permissionOf(context.getHandler()) ?? permissionOf(context.getClass()));
    clients.set(request, { applicationId, authenticated: true });
    return true;
  }

  private assertPermitted(applicationId: string, permission: Permission | undefined): void {
    if (permission === undefined) return;
    if (this.applications.find(applicationId)?.permissions.includes(permission)) return;
    throw new AppError('forbidden', { detail: `The application needs the permission "${permission}".` });
  }
}

@Injectable()
export class ClientGuard implements CanActivate {
  constructor(private readonly credentials: ApplicationCredentials) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    clients.set(request, await this.credentials.identify(request));
    return true;
  }
}

/**
 * For back ends: only with an application's credentials, and no person's token. With a `permission`, an application that
 * does not have it gets `forbidden`.
 */
export const FromApplication = ({ permission }: { permission?: Permission } = {}) =>
  applyDecorators(Public(), UseGuards(ApplicationGuard), SetMetadata(PERMISSION, permission));

/** For front ends too, which are public clients: an id, and no secret. What else the request has must do. */
export const FromClient = () => applyDecorators(Public(), UseGuards(ClientGuard));

/** The id of the application that sent the running request. */
export const CurrentApplication = createParamDecorator(
  (_: unknown, context: ExecutionContext): string => clientOf(context).applicationId,
);

/** The application that sent the running request, and whether it has proved it. */
export const CurrentClient = createParamDecorator((_: unknown, context: ExecutionContext): Client => clientOf(context));

function clientOf(context: ExecutionContext): Client {
  const client = clients.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (client === undefined) throw new Error('No application is known: the route is not @FromApplication().');
  return client;
}
