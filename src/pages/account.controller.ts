import { Controller, Get, Redirect, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Public } from '../common/access.js';
import { AccountPages } from './account-pages.js';

const PATH = 'account';

/** Where people see their devices. */
@Public()
@ApiExcludeController()
@Controller()
export class AccountController {
  constructor(private readonly pages: AccountPages) {}

  @Get()
  @Redirect(`/${PATH}`, 302)
  home(): void {}

  @Get([PATH, `${PATH}/*`])
  show(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Buffer | undefined {
    const { status, headers, body } = this.pages.answer({
      path: request.url.replace(/\?.*$/s, '').slice(`/${PATH}/`.length),
      ifNoneMatch: request.headers['if-none-match'],
      acceptEncoding: request.headers['accept-encoding'],
    });
    void reply.code(status).headers(headers);
    return body;
  }
}
