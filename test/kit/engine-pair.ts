import { afterAll } from 'vitest';
import { createEngineNode } from './engine.ts';
import type { EngineNode } from './engine.ts';

/** A master and a slave for all tests of the file that asks for them, closed after its last. To be called once, outside of tests and hooks. */
export async function createEnginePair(): Promise<{ master: EngineNode; slave: EngineNode }> {
  const [master, slave] = await Promise.all([createEngineNode(), createEngineNode()]);
  afterAll(async () => {
    await Promise.all([master.close(), slave.close()]);
  });
  return { master, slave };
}
