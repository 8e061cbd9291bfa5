import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { Public } from '@portcullis/verifier/nest';
import { FollowedService } from './followed.service.js';

@Controller('health')
export class HealthController {
  constructor(private readonly service: FollowedService) {}

  @Public()
  @Get()
  check() {
    const { fresh, staleness } = this.service.verifier.status;
    if (!fresh) throw new ServiceUnavailableException('Revocations are not known.');
    return { staleness };
  }
}
