/** Why a file could not be read, and what to do. Completes the sentence "NAME_FILE ...". */
export function describeReadFailure(cause: unknown): string {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'names a file that does not exist. Write the path of one that does.';
  if (code === 'EACCES' || code === 'EPERM')
    return 'names a file that this user may not read. Change its owner or mode.';
  if (code === 'EISDIR') return 'names a folder. Write the path of a file.';
  return 'names a file that cannot be read. Write the path of a readable file.';
}
