/** Stops what `global-setup.ts` started; Jest runs both in the same process. */
export default async function tearDown(): Promise<void> {
  await globalThis.endTestRun?.();
}
