import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PortcullisGuard } from '@portcullis/verifier/nest';
import { FollowedService } from './followed.service.js';
import { HealthController } from './health.controller.js';
import { OrdersController } from './orders.controller.js';

@Module({
  controllers: [HealthController, OrdersController],
  providers: [
    FollowedService,
    {
      provide: APP_GUARD,
      inject: [FollowedService],
      useFactory: ({ verifier }: FollowedService) => new PortcullisGuard(verifier),
    },
  ],
})
export class AppModule {}
