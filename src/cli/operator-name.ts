import { userInfo } from 'node:os';

/** Who sits at the terminal, as the audit names them. In a container the user id may have no name. */
export function operatorName(): string {
  try {
    return `operator:${userInfo().username}`;
  } catch {
    return `operator:uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
