import { BenchProcess } from './bench-process.ts';
import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { fillList, settle } from './fill.ts';
import { forgetPeak, peakMemory } from './memory.ts';
import { sharePhotos } from './photo-set.ts';
import { processorSeconds } from './processor-time.ts';
import { mediaRootOf, restartWithoutCaches } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

const token = 'ABC_123456789';
const slaves = 20;
const manySlaves = 200;
const smallCount = 1000;

/** Many slaves at one master: 20 that pull a list, beside one that pulls it first; 200 that ask whether something changed, or pull a small list. */
export async function benchSlaves(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const photos = await sharePhotos(100, [mediaRootOf(workshop.folder, 'master')]);
  const master = await workshop.startNode('master');
  const lists = { all: await master.node.makeList('all'), small: await master.node.makeList('small') };
  tell(`filling the master with ${size} dossiers for ${slaves} slaves`);
  await fillList(master, { id: lists.all, name: 'all', count: size }, photos);
  await fillList(master, { id: lists.small, name: 'small', count: smallCount }, photos);
  await settle(master.databaseUrl);
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "slaves"`)) break;
    tell(`${slaves} slaves, round ${round} of ${runs}`);
    await attempt(context, `slaves, round ${round}`, () => measureRound(context, { master, lists, round }));
  }
  await master.remove();
}

async function measureRound(
  { workshop, measures }: BenchContext,
  { master, lists, round }: { master: BenchNode; lists: { all: number; small: number }; round: number },
): Promise<void> {
  const ask = async (question: 'pull' | 'head', list: number, count: number): Promise<number> => {
    const process = new BenchProcess('pull-process.ts', [master.node.url, token, String(list), String(count)], workshop.cleanup);
    try {
      // A first question of its own, so that starting the process and connecting are not measured.
      await process.ask('head');
      return await process.ask(question);
    } finally {
      await process.end();
    }
  };
  const record = (name: string, value: number) => measures.record(name, { unit: 'ms', round, value });

  await restartWithoutCaches(master);
  const usedByMaster = async (): Promise<number> =>
    (await processorSeconds(master.node.processes[0]?.pid ?? 0)) + (await processorSeconds(workshop.masterCluster.pid ?? 0));
  const pull = async (name: string, count: number): Promise<void> => {
    const before = await usedByMaster();
    record(name, await ask('pull', lists.all, count));
    measures.record(`${name}: processor time of the master`, { unit: 's', round, value: (await usedByMaster()) - before });
  };
  await pull('one slave pulls, not yet encoded', 1);
  await forgetPeak(master.node.processes[0]);
  await pull(`${slaves} slaves pull`, slaves);
  measures.record(`${slaves} slaves pull: memory of the api`, {
    unit: 'MiB',
    round,
    value: await peakMemory(master.node.processes[0]),
  });
  record(`${manySlaves} slaves ask for the head`, await ask('head', lists.all, manySlaves));
  record(`${manySlaves} slaves pull ${smallCount}`, await ask('pull', lists.small, manySlaves));
}
