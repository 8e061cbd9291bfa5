/** What can be wrong with the service's answers, as seen from an application. */
export type FeedErrorCode =
  /** The service does not accept our id and secret. */
  | 'client_credentials_invalid'
  /** The service calls itself something else than `issuer`, so that none of its tokens would be accepted. */
  | 'issuer_mismatch'
  /** Our place is of another log: the list is loaded anew. */
  | 'cursor_gone'
  /** Our wall clock was set: what had run out by it may not have. The list is loaded anew. */
  | 'clock_set'
  /** No answer, or a broken connection, or nothing for too long. */
  | 'unreachable'
  /** An answer, but none that this feed gives. */
  | 'feed_invalid'
  /** The service itself is not sure, and says so (503), or fails. */
  | 'service_unavailable';

/** Why nothing could be learnt from the service. What is known stays in force, until it is too old to decide. */
export class FeedError extends Error {
  override readonly name = 'FeedError';

  constructor(
    readonly code: FeedErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${detail}`, options);
  }
}
