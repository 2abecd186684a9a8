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

/** Carries a seed out in a process in which a bug is planted. */
async function withBug(mutation: string, seed: number): Promise<Report | null> {
  pairs += 1;
  let outcome: Report | null = null;
  const stop = (report: Report): boolean => {
    outcome = report;
    return false;
  };
  await workInParallel([seed], { clusterUrl: cluster.url, mutation, processes: 1, name: `bug_${pairs}`, stop });
  return outcome;
}

describe('the fault campaign', () => {
  it('finds nothing in its first seeds', async () => {
    await withWorld(async (world) => {
      for (let seed = 1; seed <= 12; seed += 1) expect(await runSeed(world, seed)).toMatchObject({ seed, violation: null });
    });
  }, 180_000);

  it.each([
    ['sequence-cursor', 8],
    ['no-digest-check', 73],
    ['no-fence', 89],
    ['no-hash-check', 17],
    ['stale-digest', 23],
    ['unverified-set', 117],
    ['believed-date', 3],
    ['age-by-clock', 3],
  ])('finds %s with a seed that was found to show it', async (mutation, seed) => {
    const report = await withBug(mutation, seed);
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
