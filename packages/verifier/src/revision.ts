let last = 0;

/**
 * A number that no state of any index or key set in this process had before. Two looks at the same number are looks at
 * the same state, so what was decided by it still holds.
 */
export function nextRevision(): number {
  return ++last;
}
