import { Module } from '@nestjs/common';
import { ApplicationsModule } from '../applications/applications.module.js';
import { RevocationModule } from '../revocation/revocation.module.js';
import { FeedAnswers } from './feed-answers.service.js';
import { FeedController } from './feed.controller.js';
import { FeedHistory } from './feed-history.service.js';
import { FeedStreams } from './feed-streams.service.js';
import { RevocationFeed } from './revocation-feed.service.js';

@Module({
  imports: [ApplicationsModule, RevocationModule],
  controllers: [FeedController],
  providers: [FeedHistory, FeedStreams, FeedAnswers, RevocationFeed],
})
export class FeedModule {}
