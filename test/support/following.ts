import { createVerifier, VerificationError, type Verifier, type VerifierOptions } from '@portcullis/verifier';
import { newBackend, type Backend } from './feed.js';
import { poll } from './poll.js';
import { catchUp, syncOf } from './revocation.js';
import { PUBLIC_URL, type Service } from './service.js';

const started = new Set<Verifier>();

// Those that a failed test left behind: they would keep Jest from ending.
afterAll(() => started.forEach((verifier) => verifier.close()));

/** A verifier as an application makes one, which follows this instance; ready. */
export async function startVerifier(
  service: Service,
  options: Partial<VerifierOptions> & { backend?: Backend } = {},
): Promise<Verifier> {
  const { backend = await newBackend(service, 'account'), ...rest } = options;
  const verifier = createVerifier({
    issuer: PUBLIC_URL,
    audience: backend.applicationId,
    feed: `${service.url}/v1/revocations`,
    credentials: { id: backend.applicationId, secret: backend.secret },
    ...rest,
  });
  started.add(verifier);
  await verifier.ready();
  return verifier;
}

/** Until the verifier knows all that is in the log of this instance's database now. */
export async function followed(verifier: Verifier, service: Service): Promise<void> {
  await catchUp(service);
  const { epoch, seq } = syncOf(service).position!;
  await poll(() => {
    const [known, place] = verifier.status.cursor?.split(':') ?? [];
    return known === epoch && Number(place) >= seq;
  });
}

/** The code with which a verifier refuses a token; null when it is accepted. */
export async function refusalBy(verifier: Verifier, token: string): Promise<string | null> {
  try {
    await verifier.verify(token);
    return null;
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
}
