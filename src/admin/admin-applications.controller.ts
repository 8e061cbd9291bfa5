import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { CurrentPrincipal } from '../common/access.js';
import { ApiRoute } from '../common/http/api-route.js';
import type { Principal } from '../common/principal.js';
import { CurrentSource, type RequestSource } from '../common/request-source.js';
import { ApplicationAdministrationService } from '../sessions/application-administration.service.js';
import { actOf } from './act-of.js';
import { AdminController } from './admin-controller.js';
import {
  ApplicationId,
  ApplicationListResponse,
  ApplicationResponse,
  ChangeApplication,
  CreateApplication,
  CreateSecret,
  SecretResponse,
  SwitchApplication,
} from './admin-applications.dto.js';
import { ReasonQuery } from './admin.dto.js';

@AdminController('applications')
export class AdminApplicationsController {
  constructor(private readonly applications: ApplicationAdministrationService) {}

  @Get()
  @ApiRoute({ summary: 'The applications that share this service.', answers: ApplicationListResponse })
  async list() {
    return { items: await this.applications.list() };
  }

  @Post()
  @ApiRoute({
    summary: 'Makes an application.',
    description:
      'Its front ends need its id and nothing else. A secret, for its back end, is made when one is asked for.',
    answers: ApplicationResponse,
    problems: ['conflict'],
  })
  create(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: CreateApplication }) { reason, ...application }: CreateApplication,
    @CurrentSource() source: RequestSource,
  ) {
    return this.applications.create(application, actOf(principal, source, { reason }));
  }

  @Get(':id')
  @ApiRoute({ summary: 'One application.', answers: ApplicationResponse })
  show(@Param('id', { schema: ApplicationId }) id: string) {
    return this.applications.get(id);
  }

  @Patch(':id')
  @ApiRoute({
    summary: 'Changes an application.',
    description:
      'Other instances follow within ten seconds. How long a session may lie unused holds for living ones at once, the ' +
      'absolute end for new ones, the life of access tokens for the next ones.',
    answers: ApplicationResponse,
    problems: ['conflict'],
  })
  change(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: ApplicationId }) id: string,
    @Body({ schema: ChangeApplication }) { reason, ...change }: ChangeApplication,
    @CurrentSource() source: RequestSource,
  ) {
    return this.applications.update(id, change, actOf(principal, source, { reason }));
  }

  @Post(':id/secrets')
  @ApiRoute({
    summary: 'Makes a secret for the back end of an application, and lets the older ones run out.',
    answers: SecretResponse,
  })
  createSecret(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: ApplicationId }) id: string,
    @Body({ schema: CreateSecret }) body: CreateSecret,
    @CurrentSource() source: RequestSource,
  ) {
    return this.applications.rotateSecret(id, actOf(principal, source, body), body.overlap);
  }

  @Delete(':id/secrets/:secretId')
  @HttpCode(204)
  @ApiRoute({
    summary: 'Ends a secret: for one that leaked.',
    description: 'This instance refuses it before it answers, the others within ten seconds.',
  })
  withdrawSecret(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: ApplicationId }) id: string,
    @Param('secretId', { schema: z.uuid() }) secretId: string,
    @Query({ schema: ReasonQuery }) query: ReasonQuery,
    @CurrentSource() source: RequestSource,
  ) {
    return this.applications.withdrawSecret(id, secretId, actOf(principal, source, query));
  }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Disables an application.',
    description: 'Its tokens are refused before this answers, all its sessions end, and nobody can sign in to it.',
    answers: ApplicationResponse,
    problems: ['conflict'],
  })
  disable(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: ApplicationId }) id: string,
    @Body({ schema: SwitchApplication }) body: SwitchApplication,
    @CurrentSource() source: RequestSource,
  ) {
    return this.applications.disable(id, actOf(principal, source, body));
  }

  @Post(':id/enable')
  @HttpCode(200)
  @ApiRoute({
    summary: 'Lets people sign in to an application again.',
    description: 'Sessions that its end ended stay ended.',
    answers: ApplicationResponse,
    problems: ['conflict'],
  })
  enable(
    @CurrentPrincipal() principal: Principal,
    @Param('id', { schema: ApplicationId }) id: string,
    @Body({ schema: SwitchApplication }) body: SwitchApplication,
    @CurrentSource() source: RequestSource,
  ) {
    return this.applications.enable(id, actOf(principal, source, body));
  }
}
