import { campaignTask } from './campaign-crew.ts';
import { runRightsSeed } from './rights-course.ts';

/* A process of the campaign of rights: gets its seeds from the one that started it, and reports each. */

process.once('disconnect', () => process.exit());
process.once('message', (message) => {
  void (async () => {
    const { clusterUrl, seeds } = campaignTask.parse(message);
    for (const seed of seeds) process.send?.(await runRightsSeed(clusterUrl, seed));
  })().then(() => process.disconnect());
});
