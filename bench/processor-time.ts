import { readdir, readFile } from 'node:fs/promises';

/** Of Linux on every platform that Node runs on: the unit of the times in /proc. */
const ticksPerSecond = 100;

interface ProcessTimes {
  parent: number;
  own: number;
  /** Of children that have ended. */
  ended: number;
}

/** The seconds of processor time that a process, its children and those that have ended have used. NaN where there is no /proc. */
export async function processorSeconds(pid: number): Promise<number> {
  const all = new Map<number, ProcessTimes>();
  for (const name of await readdir('/proc').catch(() => [])) {
    const times = /^\d+$/.test(name) ? await readTimes(name) : null;
    if (times) all.set(Number(name), times);
  }
  if (!all.has(pid)) return Number.NaN;
  let ticks = 0;
  const family = [pid];
  for (let member = family.pop(); member !== undefined; member = family.pop()) {
    const times = all.get(member);
    ticks += (times?.own ?? 0) + (times?.ended ?? 0);
    for (const [child, { parent }] of all) if (parent === member) family.push(child);
  }
  return ticks / ticksPerSecond;
}

/** proc(5): after the name in brackets come state, parent and, from the 14th field on, user, system and both for ended children. */
async function readTimes(pid: string): Promise<ProcessTimes | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  const fields = stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  if (!fields) return null;
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [fields[1], ...fields.slice(11, 15)];
  return { parent, own: user + system, ended: endedUser + endedSystem };
}
