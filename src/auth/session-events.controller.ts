import { Controller, Req, SetMetadata, Sse, type MessageEvent } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { AnyApplication, CurrentPrincipal, Passive } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { AccessCookie } from './access-cookie.js';
import { bearerToken } from './bearer-token.js';
import { ENDS_ITSELF } from './live/live-guard.js';
import { SessionEvent } from './session-events.dto.js';
import { SessionEventsService } from './session-events.service.js';

@ApiTags('Devices')
@Controller('v1/sessions/current/events')
export class SessionEventsController {
  constructor(
    private readonly events: SessionEventsService,
    private readonly cookie: AccessCookie,
  ) {}

  @Passive()
  @AnyApplication()
  @SetMetadata(ENDS_ITSELF, true)
  @Sse()
  @ApiRoute({
    summary: 'What happens to the asking session, as server-sent events.',
    answers: SessionEvent,
    streams: true,
    description:
      '`ready`, `renewed`, `devices_changed`; `outdated` (refresh) and `ended` (with `code` and `reason`) are the last. ' +
      'The stream ends with the session. Listening does not count as use. A session has forty streams and sockets open ' +
      'at most; past them it is 429.',
    problems: ['too_many_requests'],
  })
  stream(@CurrentPrincipal() principal: Principal, @Req() request: FastifyRequest): Observable<MessageEvent> {
    return this.events.stream(principal, bearerToken(request) ?? this.cookie.find(request, principal) ?? '');
  }
}
