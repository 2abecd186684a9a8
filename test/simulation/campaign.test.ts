import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, template } from './cluster.ts';
import { mutations } from './mutations.ts';
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

async function withWorld<Result>(mutation: string | null, work: (world: World) => Promise<Result>): Promise<Result> {
  pairs += 1;
  const world = await World.open(cluster.url, {
    name: `pair_${pairs}`,
    template,
    mutation: mutation === null ? null : (mutations[mutation] ?? null),
  });
  try {
    return await work(world);
  } finally {
    await world.close();
  }
}

describe('the fault campaign', () => {
  it('finds nothing in its first seeds', async () => {
    await withWorld(null, async (world) => {
      for (let seed = 1; seed <= 12; seed += 1) expect(await runSeed(world, seed)).toMatchObject({ seed, violation: null });
    });
  });

  it('accuses nobody of what the simulation does itself: an abandoned question, a pool that closes, a dossier that comes again elsewhere, an edit by hand that waited for a sync, a connection that is kept', async () => {
    await withWorld(null, async (world) => {
      for (const seed of [72, 519, 214, 230, 8883]) expect(await runSeed(world, seed)).toMatchObject({ seed, violation: null });
    });
  });

  it('finds nothing any more where it found something: a list edited while the master was asked, a verification before the first sync, a run asked for while its link ended', async () => {
    await withWorld(null, async (world) => {
      for (const seed of [2219, 335, 9261]) expect(await runSeed(world, seed)).toMatchObject({ seed, violation: null });
    });
  });

  it('finds the photos that a list lacks still booked when its link has ended', async () => {
    await withWorld(null, async (world) => {
      for (const seed of [1203, 1393, 7743]) expect(await runSeed(world, seed)).toMatchObject({ seed, violation: null });
    });
  });

  it.each([
    ['sequence-cursor', 4],
    ['no-digest-check', 110],
    ['no-fence', 27],
  ])('finds %s with a seed that was found to show it', async (mutation, seed) => {
    const { violation } = await withWorld(mutation, (world) => runSeed(world, seed));
    expect(violation).toMatch(/^invariant/);
  });

  it('replays a seed exactly, whatever ran before', async () => {
    const alone = await withWorld(null, (world) => runSeed(world, 3));
    const after = await withWorld(null, async (world) => {
      await runSeed(world, 9);
      return runSeed(world, 3);
    });
    expect(after.trace).toEqual(alone.trace);
  });
});
