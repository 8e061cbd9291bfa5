import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The ids of the processes that a process started and whose command line has this text. */
export function childrenOf(parent: number, text: string): number[] {
  return listProcesses()
    .filter((process) => process.parent === parent && process.command.includes(text))
    .map(({ id }) => id);
}

/** Whether a process still runs. One that has ended, and whose parent has not noticed, does not. */
export function isRunning(id: number): boolean {
  return listProcesses().some((process) => process.id === id);
}

interface RunningProcess {
  id: number;
  parent: number;
  command: string;
}

function listProcesses(): RunningProcess[] {
  return process.platform === 'linux' ? fromProc() : fromPs();
}

function fromProc(): RunningProcess[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    try {
      // The name in parentheses may contain anything; what follows it does not.
      const [state, parent] = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      const command = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return state === 'Z' ? [] : [{ id: Number(id), parent: Number(parent), command }];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

function fromPs(): RunningProcess[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, id, parent, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return id === undefined || state.startsWith('Z') ? [] : [{ id: Number(id), parent: Number(parent), command }];
  });
}
