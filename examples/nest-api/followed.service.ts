import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { createVerifier, type FeedError, type Verifier } from '@portcullis/verifier';

/** Where the service is, and who we are to it. */
const {
  PORTCULLIS_URL = 'http://localhost:3000',
  PORTCULLIS_ISSUER = PORTCULLIS_URL,
  PORTCULLIS_ID = 'shop',
  PORTCULLIS_SECRET = '',
} = process.env;
if (!PORTCULLIS_SECRET) fail(`Set PORTCULLIS_SECRET to a secret of the application ${PORTCULLIS_ID}.`);

/** Follows the service from the start of the application to its end. */
@Injectable()
export class FollowedService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(FollowedService.name);
  private ready = false;
  readonly verifier: Verifier = createVerifier({
    issuer: PORTCULLIS_ISSUER,
    // An application's tokens carry its id, unless it was made with another audience.
    audience: PORTCULLIS_ID,
    feed: `${PORTCULLIS_URL}/v1/revocations`,
    credentials: { id: PORTCULLIS_ID, secret: PORTCULLIS_SECRET },
    // Until then it is ready() that says what is wrong.
    onError: (error) => this.ready && this.logger.warn(String(error)),
    // Why a request was refused: nobody else is told.
    onRefused: (error, { method, url }) => this.logger.log(`${method} ${url} ${error.message}`),
  });

  /** No request before it is known what is revoked. */
  async onModuleInit(): Promise<void> {
    await this.verifier.ready(20).catch(({ message, cause }: FeedError) => {
      const said = cause instanceof Error ? cause.message : message;
      fail(`Portcullis at ${PORTCULLIS_URL} cannot be followed (${said}). Look at the PORTCULLIS_… variables.`);
    });
    this.ready = true;
  }

  beforeApplicationShutdown(): void {
    this.verifier.close();
  }
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
