import {
  createParamDecorator,
  HttpException,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { admit, refusalOf, type Requirements } from './admission.js';
import type { Verifier } from './create-verifier.js';
import type { Principal } from './principal.js';

const PUBLIC = 'portcullis:public';
const REQUIREMENTS = 'portcullis:requirements';

/** Anyone may call it. Under a global guard every other route needs an access token. */
export const Public = () => SetMetadata(PUBLIC, true);

/** What a route, or every route of a controller, asks for besides a token: roles, a recent proof. */
export const Require = (requirements: Requirements) => SetMetadata(REQUIREMENTS, requirements);

interface NestRequest {
  method: string;
  url: string;
  headers: { authorization?: string };
  principal?: Principal;
}

/** Lets in who bears a good token: `app.useGlobalGuards(new PortcullisGuard(verifier))`, on Express and on Fastify. */
export class PortcullisGuard implements CanActivate {
  constructor(private readonly verifier: Verifier) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const requirements = read<Requirements>(REQUIREMENTS, context);
    if (requirements === undefined && read<boolean>(PUBLIC, context)) return true;
    const request = context.switchToHttp().getRequest<NestRequest>();
    const admitted = (principal: Principal) => {
      request.principal = principal;
      return true;
    };
    const refuse = (error: unknown) => refuseBy(error, this.verifier, context, requirements?.maxAge);
    try {
      const principal = admit(this.verifier, request.headers.authorization, requirements ?? {});
      return principal instanceof Promise ? principal.then(admitted, refuse) : admitted(principal);
    } catch (error) {
      return refuse(error);
    }
  }
}

/** The `Principal` of the running request. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<NestRequest>();
  if (!principal) throw new Error('@CurrentPrincipal() on a public route: nobody is known there.');
  return principal;
});

function refuseBy(error: unknown, verifier: Verifier, context: ExecutionContext, maxAge?: number): never {
  const http = context.switchToHttp();
  const { status, headers, body } = refusalOf(error, verifier, http.getRequest<NestRequest>(), maxAge);
  const response = http.getResponse<{ header(name: string, value: string): unknown }>();
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
  throw new HttpException(body, status, { cause: error });
}

/** What a method says goes before what its class says. */
function read<Value>(key: string, context: ExecutionContext): Value | undefined {
  for (const target of [context.getHandler(), context.getClass()]) {
    const value = Reflect.getMetadata(key, target) as Value | undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}
