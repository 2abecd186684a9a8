import { campaignTask } from './campaign-crew.ts';
import type { CampaignTask, Report } from './campaign-crew.ts';
import { template } from './cluster.ts';
import { runSeed } from './run-seed.ts';
import type { Seed } from './seed.ts';
import { World } from './world.ts';

/* A process of the campaign: gets its seeds from the one that started it, and reports each. */

/** A seed in which nothing happens for so long stands still. */
const standstillMs = 50_000;

/** Carries out seeds one after the other. */
async function work(task: CampaignTask, tell: (report: Report) => void): Promise<void> {
  const world = await World.open(task.clusterUrl, { name: task.name, template });
  try {
    for (const number of task.seeds) {
      let seed: Seed | null = null;
      let happened = 0;
      const watch = setInterval(() => {
        const trace = seed?.trace ?? [];
        if (trace.length > happened) {
          happened = trace.length;
          return;
        }
        // Nothing here can be ended in order any more.
        const violation = `invariant 15: nothing moves any more; ${seed?.world.scheduler.describe()}`;
        tell({ seed: number, violation, trace: [...trace], ended: [], faults: [] });
        process.disconnect();
      }, standstillMs);
      const outcome = await runSeed(world, number, (opened) => (seed = opened));
      clearInterval(watch);
      const faults = Array.from(world.network.counts);
      world.network.counts.clear();
      const { violation, trace, ended } = outcome;
      tell({ seed: number, violation, trace: [...trace], ended: Array.from(ended), faults });
    }
  } finally {
    await world.close();
  }
}

// Who started it is gone: nobody hears what it finds.
process.once('disconnect', () => process.exit());
process.once('message', (message) => {
  void work(campaignTask.parse(message), (report) => process.send?.(report)).then(() => process.disconnect());
});
