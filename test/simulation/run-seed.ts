import { Course } from './course.ts';
import { Seed } from './seed.ts';
import type { World } from './world.ts';

/** How a seed ended. */
export interface SeedOutcome {
  seed: number;
  /** Null: nothing was found. */
  violation: string | null;
  trace: readonly string[];
  fingerprint: string;
  /** How often runs ended in which way. */
  ended: ReadonlyMap<string, number>;
}

/** Carries out one seed from beginning to end. */
export async function runSeed(world: World, number: number, follow: (seed: Seed) => void = () => undefined): Promise<SeedOutcome> {
  const seed = await Seed.open(world, number, follow);
  let violation: string | null = null;
  try {
    await new Course(seed).run();
  } catch (error) {
    violation = error instanceof Error ? (error.name === 'Violation' ? error.message : (error.stack ?? error.message)) : String(error);
  } finally {
    await seed.close();
  }
  return { seed: number, violation, trace: seed.trace, fingerprint: seed.fingerprint(), ended: seed.ended };
}
