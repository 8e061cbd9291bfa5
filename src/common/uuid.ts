const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Whether PostgreSQL takes it for a `uuid` as it is written here. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
