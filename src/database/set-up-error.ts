/** What development makes by itself cannot be made here. The message says why and what to do. */
export class SetUpError extends Error {
  override readonly name = 'SetUpError';
}
