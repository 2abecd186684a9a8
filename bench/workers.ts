import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { fillList, settle } from './fill.ts';
import { RunFollower } from './follow.ts';
import { sharePhotos } from './photo-set.ts';
import { mediaRootOf } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

const lists = 8;
const smallCount = 1000;
const firstSyncWithinMs = 1_200_000;

/** Several workers at one queue: 8 lists at once by 1, 2 and 4 workers, and a small list that comes while big ones are at work. */
export async function benchWorkers(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const photos = await sharePhotos(100, [mediaRootOf(workshop.folder, 'master'), mediaRootOf(workshop.folder, 'slave')]);
  const master = await workshop.startNode('master');
  tell(`filling the master with ${lists} lists of ${size / lists} dossiers`);
  const big: number[] = [];
  for (let number = 0; number < lists; number += 1) {
    const id = await master.node.makeList(`part ${number}`);
    await fillList(master, { id, name: `part ${number}`, count: Math.floor(size / lists) }, photos);
    big.push(id);
  }
  const small = await master.node.makeList('small');
  await fillList(master, { id: small, name: 'small', count: smallCount }, photos);
  await settle(master.databaseUrl);
  for (let round = 1; round <= runs; round += 1) {
    for (const workers of [1, 2, 4]) {
      if (!budget.allows(`round ${round} of ${runs} of "workers" with ${workers}`)) continue;
      tell(`${workers} workers, round ${round} of ${runs}`);
      await attempt(context, `workers, round ${round}, ${workers} of them`, () =>
        measureRound(context, { master, big, small, round, workers }),
      );
    }
  }
  await master.remove();
}

async function measureRound(
  { workshop, measures }: BenchContext,
  { master, big, small, round, workers }: { master: BenchNode; big: readonly number[]; small: number; round: number; workers: number },
): Promise<void> {
  // Two syncs at once per worker, so that with one worker some of the lists have to wait.
  const slave = await workshop.startNode('slave', { topology: { workers }, environment: { SYNC_CONCURRENCY: '2' } });
  await using alone = await RunFollower.open(slave);
  const link = async (remote: number): Promise<number> => {
    const local = await slave.node.makeList(`copy of ${remote}`);
    await using follower = await RunFollower.open(slave);
    const { totalMs } = await follower.follow(local, () => slave.node.link(master.node.url, remote, local), firstSyncWithinMs);
    return totalMs;
  };
  const first = await slave.node.makeList('small alone');
  const { totalMs } = await alone.follow(first, () => slave.node.link(master.node.url, small, first));
  const begun = performance.now();
  const [smallMs] = await Promise.all([link(small), ...big.map(link)]);
  const name = `${lists} lists by ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  measures.record(name, { unit: 'ms', round, value: performance.now() - begun });
  measures.record(`${name}: a small list among them`, { unit: 'ms', round, value: smallMs });
  measures.record(`${name}: the small list alone`, { unit: 'ms', round, value: totalMs });
  await slave.remove();
}
