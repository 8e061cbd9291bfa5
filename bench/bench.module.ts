import { Controller, Get, Module, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Public } from '../src/common/access.js';
import type { Principal } from '../src/common/principal.js';

const somebody = { userId: '019a9f0e-0000-7000-8000-000000000000', sessionId: '5d3f0f0e-0000-4000-8000-000000000000' };

/** One route twice, open to all and behind the guard: what differs is the guard. */
@Controller('bench')
class BenchController {
  @Public()
  @Get('public')
  open(@Req() request: FastifyRequest) {
    return whoAmI(request);
  }

  @Get('protected')
  guarded(@Req() request: FastifyRequest) {
    return whoAmI(request);
  }
}

function whoAmI({ principal = somebody as Principal }: FastifyRequest) {
  return { id: principal.userId, email: 'somebody@example.com', sid: principal.sessionId };
}

@Module({ controllers: [BenchController] })
export class BenchModule {}
