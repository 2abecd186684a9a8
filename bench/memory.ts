import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';

const mebibyte = 1024 * 1024;

/** The most memory that a process has held since it was started or its peak was forgotten (VmHWM), in MiB. NaN where there is no /proc. */
export async function peakMemory(child: ChildProcess | undefined): Promise<number> {
  const status = await readFile(`/proc/${child?.pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? Number.NaN : (Number(kibibytes) * 1024) / mebibyte;
}

/** Lets a process' peak begin anew at what it holds now. */
export async function forgetPeak(child: ChildProcess | undefined): Promise<void> {
  await writeFile(`/proc/${child?.pid}/clear_refs`, '5').catch(() => undefined);
}
