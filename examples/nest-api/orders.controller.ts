import { Controller, Get, Headers, Sse, type MessageEvent } from '@nestjs/common';
import type { Principal } from '@portcullis/verifier';
import { CurrentPrincipal, Require } from '@portcullis/verifier/nest';
import { Observable } from 'rxjs';
import { FollowedService } from './followed.service.js';

/** Nothing here says that a token is needed: the guard is global, and what is not `@Public()` is private. */
@Controller('orders')
export class OrdersController {
  constructor(private readonly service: FollowedService) {}

  @Get()
  list(@CurrentPrincipal() { userId }: Principal) {
    return { user: userId, items: [] };
  }

  /** Only who is an editor and has proved within the hour who they are. */
  @Require({ roles: ['editor'], maxAge: 3600 })
  @Get('prices')
  prices() {
    return {};
  }

  /** An event stream is closed as soon as its token is accepted no longer. */
  @Sse('events')
  events(@Headers('authorization') authorization: string): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      subscriber.next({ type: 'ready', data: {} });
      return this.service.verifier.onRevoked(authorization.slice(7), () => subscriber.complete());
    });
  }
}
