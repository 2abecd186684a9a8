import { fork } from 'node:child_process';
import { z } from 'zod';
import { plantedBugVariable } from './planting.ts';

const report = z.object({ seed: z.int(), violation: z.string().nullable(), trace: z.array(z.string()) });
export type RightsReport = z.infer<typeof report>;

/** Carries out seeds of the campaign of rights in a process of their own, with a bug (null: none), until `stop` says so. */
export async function workOnRights(
  seeds: readonly number[],
  { clusterUrl, mutation, stop }: { clusterUrl: string; mutation: string | null; stop: (report: RightsReport) => boolean },
): Promise<void> {
  const child = fork(new URL('rights-process.ts', import.meta.url), [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--import', new URL('plant-sources.ts', import.meta.url).href],
    env: { ...process.env, [plantedBugVariable]: mutation ?? '' },
  });
  child.send({ clusterUrl, name: 'rights', seeds });
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message) => {
      if (stop(report.parse(message))) child.kill();
    });
    child.on('exit', (code, signal) => {
      if (code === 0 || signal !== null) resolve();
      else reject(new Error(`a process of the campaign of rights ended with ${code}`));
    });
  });
}
