import { attempt } from './context.ts';
import type { BenchContext } from './context.ts';
import { fillList, settle } from './fill.ts';
import { RunFollower } from './follow.ts';
import { sharePhotos } from './photo-set.ts';
import { mediaRootOf } from './workshop.ts';
import type { BenchNode } from './workshop.ts';

const questions = 100;
const firstSyncWithinMs = 1_800_000;

/** By what the nodes speak, and what the master is told. */
const ways = [
  { name: 'by the token alone', siteKeys: 'off' },
  { name: 'by keys', siteKeys: 'prefer' },
] as const;

/** What keys of sites cost: a first sync, and a question that changes nothing, beside the token alone. */
export async function benchSites(context: BenchContext): Promise<void> {
  const { workshop, size, runs, tell, budget } = context;
  const photos = await sharePhotos(100, [mediaRootOf(workshop.folder, 'master'), mediaRootOf(workshop.folder, 'slave')]);
  const masters: { name: string; master: BenchNode; list: number }[] = [];
  for (const { name, siteKeys } of ways) {
    const master = await workshop.startNode('master', { environment: { SITE_KEYS: siteKeys } });
    const list = await master.node.makeList('all');
    tell(`filling a master with ${size} dossiers, to be asked ${name}`);
    await fillList(master, { id: list, name: 'all', count: size }, photos);
    await settle(master.databaseUrl);
    masters.push({ name, master, list });
  }
  for (let round = 1; round <= runs; round += 1) {
    if (!budget.allows(`round ${round} of ${runs} of "sites"`)) break;
    tell(`sites, round ${round} of ${runs}`);
    // Each round begins with the other one.
    for (const way of round % 2 === 0 ? masters : masters.toReversed()) {
      await attempt(context, `sites ${way.name}, round ${round}`, () => measureWay(context, { ...way, round }));
    }
  }
  for (const { master } of masters) await master.remove();
}

async function measureWay(
  { workshop, measures }: BenchContext,
  { name, master, list, round }: { name: string; master: BenchNode; list: number; round: number },
): Promise<void> {
  const slave = await workshop.startNode('slave');
  try {
    await using follower = await RunFollower.open(slave);
    const local = await slave.node.makeList('copy');
    const first = await follower.follow(local, () => slave.node.link(master.node.url, list, local), firstSyncWithinMs);
    measures.record(`first sync ${name}`, { unit: 'ms', round, value: first.totalMs });
    await settle(slave.databaseUrl);
    const values: number[] = [];
    for (let question = 0; question < questions; question += 1) {
      const run = await follower.follow(local, () => slave.node.call('POST', `/sync/dossier-lists/${local}/sync/`, { mode: 'auto' }));
      values.push(run.jobMs);
    }
    measures.recordMedian(`nothing changed ${name}`, { unit: 'ms', round, values });
  } finally {
    await slave.remove();
  }
}
