import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that lives now. Numbers are given anew, so a pid alone says nothing about tomorrow. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The command line, or '' where the process has none. */
  readonly command: string;
  /** Comparable only with itself: together with the pid it names one process for ever. */
  readonly started: string;
}

/**
 * The process with this number, or null if there is none; one that has ended but wasn't yet reaped is none.
 * Synchronous, so that it can also be asked while this process exits.
 */
export function identifyProcess(pid: number): ProcessIdentity | null {
  if (!isAlive(pid)) return null;
  return process.platform === 'linux' ? identifyOnLinux(pid) : identifyByPs(pid);
}

/** True while a process has this number, also another user's. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function identifyOnLinux(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    // proc(5): after the name, which may hold blanks and brackets itself, state is field 3 and starttime field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return { pid, command: command.replaceAll('\0', ' ').trim(), started: fields[19] ?? '' };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The process may end between two looks at it. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}

function identifyByPs(pid: number): ProcessIdentity | null {
  const columns = ['-o', 'stat=', '-o', 'lstart=', '-o', 'command='];
  const { stdout, error } = spawnSync('ps', ['-ww', ...columns, '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  });
  if (error !== undefined) throw error;
  // "Ss   Mon Nov 23 10:00:00 2026 /path/postgres -D …"; nothing for a process that isn't there.
  const found = /^\s*(\S+)\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(stdout.trim());
  if (found === null || found[1]?.startsWith('Z') === true) return null;
  return { pid, started: found[2] ?? '', command: found[3] ?? '' };
}
