import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createVerifier, type Verifier } from '@portcullis/verifier';

/** Where the service is, and who we are to it. */
const {
  PORTCULLIS_URL = 'http://localhost:3000',
  PORTCULLIS_ISSUER = PORTCULLIS_URL,
  PORTCULLIS_ID = 'shop',
  PORTCULLIS_SECRET = '',
} = process.env;

/** Follows the service from the start of the application to its end. */
@Injectable()
export class FollowedService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(FollowedService.name);
  readonly verifier: Verifier = createVerifier({
    issuer: PORTCULLIS_ISSUER,
    // An application's tokens carry its id, unless it was made with another audience.
    audience: PORTCULLIS_ID,
    feed: `${PORTCULLIS_URL}/v1/revocations`,
    credentials: { id: PORTCULLIS_ID, secret: PORTCULLIS_SECRET },
    onError: (error) => this.logger.warn(String(error)),
    // Why a request was refused: nobody else is told.
    onRefused: (error, { method, url }) => this.logger.log(`${method} ${url} ${error.message}`),
  });

  /** No request before it is known what is revoked. */
  async onModuleInit(): Promise<void> {
    await this.verifier.ready();
  }

  beforeApplicationShutdown(): void {
    this.verifier.close();
  }
}
