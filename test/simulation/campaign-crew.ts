import { fork } from 'node:child_process';
import { z } from 'zod';
import { plantedBugVariable } from './planting.ts';

/** What a process of the campaign is to do. */
export const campaignTask = z.object({ clusterUrl: z.string(), name: z.string(), seeds: z.array(z.int()) });
export type CampaignTask = z.infer<typeof campaignTask>;

/** What a process of the campaign tells, once per seed. */
const report = z.object({
  seed: z.int(),
  violation: z.string().nullable(),
  trace: z.array(z.string()),
  ended: z.array(z.tuple([z.string(), z.int()])),
  faults: z.array(z.tuple([z.string(), z.int()])),
});
export type Report = z.infer<typeof report>;

export interface Crew {
  clusterUrl: string;
  /** The bug that is planted; null: none. */
  mutation: string | null;
  processes: number;
  /** What the names of their databases begin with. */
  name: string;
  /** Takes a report; true ends the campaign. */
  stop(report: Report): boolean;
}

/** Carries out seeds in processes of their own, each with its own pair of nodes. */
export async function workInParallel(seeds: readonly number[], { clusterUrl, mutation, processes, name, stop }: Crew): Promise<void> {
  const children = Array.from({ length: processes }, (_, index) => {
    const child = fork(new URL('campaign-process.ts', import.meta.url), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: ['--import', new URL('plant-sources.ts', import.meta.url).href],
      env: { ...process.env, [plantedBugVariable]: mutation ?? '' },
    });
    const share = seeds.filter((_seed, at) => at % processes === index);
    child.send({ clusterUrl, name: `${name}_${index}`, seeds: share } satisfies CampaignTask);
    return child;
  });
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((resolve, reject) => {
          child.on('message', (message) => {
            if (stop(report.parse(message))) for (const other of children) other.kill();
          });
          child.on('exit', (code, signal) => {
            if (code === 0 || signal !== null) resolve();
            else reject(new Error(`a process of the campaign ended with ${code}`));
          });
        }),
    ),
  );
}
