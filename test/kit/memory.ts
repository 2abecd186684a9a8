import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeProcess } from './node-process.ts';

/** What a process holds after so many syncs. Heap and buffers are read after a collection of garbage, the rest as the kernel counts it. */
export interface Holding {
  readonly syncs: number;
  readonly heap: number;
  /** Memory outside of V8's heap that objects in it hold. */
  readonly buffers: number;
  readonly rss: number;
  readonly sockets: number;
  readonly descriptors: number;
}

const megabyte = 1024 * 1024;
const probe = new URL('memory-probe.ts', import.meta.url).href;

/** The environment of a node whose process can be asked what it holds. */
export function measurable(file: string): Record<string, string> {
  return { NODE_OPTIONS: `--import ${probe}`, DOSSIER_MEMORY_PROBE: file };
}

/** Asks a node of one process that was started as `measurable`. */
export async function holdingOf(node: NodeProcess, syncs: number): Promise<Holding> {
  const [child] = node.processes;
  const file = node.environment['DOSSIER_MEMORY_PROBE'];
  if (child?.pid === undefined || file === undefined) throw new Error(`${node.name} can't be measured`);
  await rm(file, { force: true });
  child.kill('SIGUSR2');
  let written = '';
  await node.until('collected', async () => {
    written = await readFile(file, 'utf8').catch(() => '');
    return written !== '';
  });
  const usage = JSON.parse(written) as NodeJS.MemoryUsage;
  const folder = join('/proc', String(child.pid), 'fd');
  const descriptors = await readdir(folder);
  const targets = await Promise.all(descriptors.map((descriptor) => readlink(join(folder, descriptor)).catch(() => '')));
  return {
    syncs,
    heap: usage.heapUsed / megabyte,
    buffers: usage.external / megabyte,
    rss: usage.rss / megabyte,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
    descriptors: targets.length,
  };
}

/** A line for whoever watches. */
export function describeHolding(who: string, after: string, holding: Holding): string {
  const { heap, buffers, rss, sockets, descriptors } = holding;
  return (
    `${who.padEnd(7)} ${after.padEnd(20)} heap ${heap.toFixed(1)} MB, buffers ${buffers.toFixed(1)} MB, resident ${rss.toFixed(0)} MB, ` +
    `${sockets} sockets, ${descriptors} descriptors`
  );
}

/** By how much the least-squares line through the last two thirds rises over their length: what noise of single readings can't feign. */
export function riseOf(holdings: readonly Holding[], what: keyof Holding): number {
  const late = holdings.slice(Math.floor(holdings.length / 3));
  const [first, last] = [late[0], late.at(-1)];
  if (!first || !last || first === last) return 0;
  const meanX = late.reduce((sum, { syncs }) => sum + syncs, 0) / late.length;
  const meanY = late.reduce((sum, holding) => sum + holding[what], 0) / late.length;
  const covariance = late.reduce((sum, holding) => sum + (holding.syncs - meanX) * (holding[what] - meanY), 0);
  const variance = late.reduce((sum, { syncs }) => sum + (syncs - meanX) ** 2, 0);
  return (covariance / variance) * (last.syncs - first.syncs);
}
