import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

/** Headquarters, a branch that replicates from it, and a gate that replicates from the branch. */
let headquarters: EngineNode;
let branch: EngineNode;
let gate: EngineNode;

beforeAll(async () => {
  [headquarters, branch, gate] = await Promise.all([createEngineNode(), createEngineNode(), createEngineNode()]);
});
afterAll(() => Promise.all([headquarters, branch, gate].map((node) => node?.close())));

const names = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, index) => `${prefix} ${index}`);

async function expectEqual(lists: { atHeadquarters: number; atBranch: number; atGate: number }): Promise<void> {
  const expected = await contentOf(headquarters.database, lists.atHeadquarters);
  expect(await contentOf(branch.database, lists.atBranch)).toEqual(expected);
  expect(await contentOf(gate.database, lists.atGate)).toEqual(expected);
}

/** Changes, removes and adds at headquarters. */
async function edit(list: number, uuids: readonly string[]): Promise<void> {
  await query(headquarters.database, `update dossiers set comment = 'changed' where uuid = any(:uuids::uuid[])`, {
    uuids: uuids.slice(0, 5),
  });
  await query(headquarters.database, `delete from dossiers where uuid = any(:uuids::uuid[])`, { uuids: uuids.slice(5, 10) });
  await headquarters.makeDossiers([list], names(5, 'new'));
}

it.each([
  ['few', 40],
  ['many', 2500],
])('a branch is the master of its gates, with %s dossiers', async (_few, count) => {
  const atHeadquarters = await headquarters.makeList('relayed');
  const uuids = await headquarters.makeDossiers([atHeadquarters], names(count, `relayed ${count}`));
  const atBranch = await branch.makeList('relayed');
  expect(await branch.link(headquarters, atHeadquarters, atBranch)).toMatchObject({ state: 'synced', added: count });
  const atGate = await gate.makeList('relayed');
  expect(await gate.link(branch, atBranch, atGate)).toMatchObject({ state: 'synced', added: count });
  await expectEqual({ atHeadquarters, atBranch, atGate });

  await edit(atHeadquarters, uuids);
  expect(await gate.sync(atGate)).toMatchObject({ state: 'unchanged' });
  const passed = { state: 'synced', method: 'delta', added: 5, changed: 5, removed: 5 };
  expect(await branch.sync(atBranch)).toMatchObject(passed);
  expect(await gate.sync(atGate)).toMatchObject(passed);
  await expectEqual({ atHeadquarters, atBranch, atGate });
});

it('a gate that was there before its branch has its list follows the first sync of the branch', async () => {
  const atBranch = await branch.makeList('late');
  const atGate = await gate.makeList('late');
  expect(await gate.link(branch, atBranch, atGate)).toMatchObject({ state: 'synced', added: 0 });
  const atHeadquarters = await headquarters.makeList('late');
  await headquarters.makeDossiers([atHeadquarters], names(2500, 'late'));
  await branch.link(headquarters, atHeadquarters, atBranch);
  expect(await gate.sync(atGate)).toMatchObject({ state: 'synced', added: 2500 });
  await expectEqual({ atHeadquarters, atBranch, atGate });
});
