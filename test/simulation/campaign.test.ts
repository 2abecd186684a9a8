import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workInParallel } from './campaign-crew.ts';
import type { Report } from './campaign-crew.ts';
import { startCluster, template } from './cluster.ts';
import { runSeed } from './run-seed.ts';
import { World } from './world.ts';

let cluster: Awaited<ReturnType<typeof startCluster>>;
let pairs = 0;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => {
  await cluster.stop();
});

async function withWorld<Result>(work: (world: World) => Promise<Result>): Promise<Result> {
  pairs += 1;
  const world = await World.open(cluster.url, { name: `pair_${pairs}`, template });
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}

/** Carries seeds out in processes in which a bug is planted, until one of them shows it. */
async function findBug(mutation: string, seeds: readonly number[]): Promise<Report | null> {
  pairs += 1;
  let found: Report | null = null;
  const stop = (report: Report): boolean => {
    if (report.violation !== null) found ??= report;
    return found !== null;
  };
  await workInParallel(seeds, { clusterUrl: cluster.url, mutation, processes: 2, name: `bug_${pairs}`, stop });
  return found;
}

/** A change of the product moves what happens in a seed; then others show the bug. */
const otherSeeds = Array.from({ length: 300 }, (_, index) => index + 1);

describe('the fault campaign', () => {
  it('finds nothing in its first seeds', async () => {
    await withWorld(async (world) => {
      for (let seed = 1; seed <= 12; seed += 1) expect(await runSeed(world, seed)).toMatchObject({ seed, violation: null });
    });
  }, 180_000);

  it.each([
    ['sequence-cursor', 3],
    ['no-digest-check', 3],
    ['no-fence', 90],
    ['no-hash-check', 17],
    ['stale-digest', 2],
    ['unverified-set', 3],
    ['believed-date', 3],
    ['age-by-clock', 3],
    ['undeclared', 11],
  ])('finds %s', { timeout: 300_000 }, async (mutation, seed) => {
    const report = await findBug(mutation, [seed, ...otherSeeds]);
    expect(report?.violation).toMatch(/^invariant/);
  });

  it('replays a seed exactly, whatever ran before', async () => {
    const alone = await withWorld((world) => runSeed(world, 3));
    const after = await withWorld(async (world) => {
      await runSeed(world, 9);
      return runSeed(world, 3);
    });
    expect(after.trace).toEqual(alone.trace);
  });
});
