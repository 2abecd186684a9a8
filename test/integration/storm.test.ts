import { query, transaction } from '@dossier/postgres/database.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

const nodes: EngineNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

async function makeNode(): Promise<EngineNode> {
  const node = await createEngineNode();
  nodes.push(node);
  return node;
}

/** A reproducible stream of whole numbers below `bound` (a linear congruential generator, Numerical Recipes' constants). */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const writers = 8;
const turns = 30;

/** One writer: creates, changes, moves and deletes dossiers of three lists. */
async function write(master: EngineNode, lists: readonly number[], seed: number): Promise<void> {
  const next = numbers(seed);
  for (let turn = 0; turn < turns; turn += 1) {
    const list = lists[next(lists.length)] ?? 0;
    const other = lists[next(lists.length)] ?? 0;
    const [victim] = await query<{ dossier: string }>(
      master.database,
      `select uuid as dossier from dossiers where set_id = set_of(:list) order by md5(uuid::text || :salt) limit 1`,
      { list, salt: `${seed} ${turn}` },
    );
    const action = next(5);
    await transaction(master.database, async (tx) => {
      if (action === 0 || !victim) {
        await query(tx, `insert into dossiers (set_id, name) values (set_of(:list), :name)`, { list, name: `New ${seed} ${turn}` });
      } else if (action === 1) {
        await query(tx, `delete from dossiers where uuid = :dossier`, { dossier: victim.dossier });
      } else if (action === 2 && other !== list) {
        await query(
          tx,
          `insert into dossiers (set_id, uuid, name, comment)
           select set_of(:other), uuid, name, comment from dossiers d where set_id = set_of(:list) and uuid = :dossier
           on conflict (set_id, uuid) do nothing`,
          { list, other, dossier: victim.dossier },
        );
        await query(tx, `delete from dossiers where set_id = set_of(:list) and uuid = :dossier`, { list, dossier: victim.dossier });
      } else {
        await query(tx, `update dossiers set comment = :comment where uuid = :dossier`, {
          comment: `${seed} ${turn}`,
          dossier: victim.dossier,
        });
      }
      // Between drawing a revision and committing it, other writers get their chance to overtake.
      await query(tx, `select pg_sleep(:seconds)`, { seconds: next(6) / 1000 });
    });
  }
}

describe('a storm of eight writers', () => {
  it('leaves every sync verified and no row wrong, on two slaves with three lists', async () => {
    const [master, first, second] = [await makeNode(), await makeNode(), await makeNode()];
    const lists = [await master.makeList('a'), await master.makeList('b'), await master.makeList('c')];
    for (const list of lists)
      await master.makeDossiers(
        [list],
        Array.from({ length: 60 }, (_, index) => `${list} ${index}`),
      );
    const replicas = await Promise.all(
      [first, second].map(async (slave) => {
        const locals: number[] = [];
        for (const remote of lists) {
          const local = await slave.makeList(`copy of ${remote}`);
          await slave.link(master, remote, local);
          locals.push(local);
        }
        return { slave, locals };
      }),
    );
    let storming = true;
    const storm = Promise.all(Array.from({ length: writers }, (_, index) => write(master, lists, 4711 + index))).finally(() => {
      storming = false;
    });
    const follow = replicas.map(async ({ slave, locals }) => {
      let syncs = 0;
      while (storming) {
        for (const local of locals) expect(['synced', 'unchanged']).toContain((await slave.sync(local)).state);
        syncs += 1;
      }
      return syncs;
    });
    await storm;
    const syncs = await Promise.all(follow);
    expect(Math.min(...syncs)).toBeGreaterThan(1);
    for (const { slave, locals } of replicas) {
      for (const local of locals) await slave.sync(local);
      for (const [index, local] of locals.entries()) {
        expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, lists[index] ?? 0));
      }
    }
  });
});

/** Eight writers change dossiers in overlapping transactions while a slave follows; returns how its runs went about it. */
async function followOverlap(master: EngineNode, list: number, dossiers: readonly string[]): Promise<(string | null)[]> {
  const slave = await makeNode();
  const local = await slave.makeList('copy');
  await slave.link(master, list, local);
  let writing = true;
  const storm = Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const next = numbers(writer + 1);
      for (let turn = 0; turn < turns; turn += 1) {
        await transaction(master.database, async (tx) => {
          await query(tx, `update dossiers set comment = :comment where uuid = :dossier`, {
            comment: `${writer} ${turn}`,
            dossier: dossiers[writer * 10 + next(10)],
          });
          await query(tx, `select pg_sleep(:seconds)`, { seconds: next(20) / 1000 });
        });
      }
    }),
  ).finally(() => {
    writing = false;
  });
  const methods: (string | null)[] = [];
  while (writing) methods.push((await slave.sync(local)).method);
  await storm;
  methods.push((await slave.sync(local)).method);
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, list));
  return methods;
}

async function makeOverlap(): Promise<{ master: EngineNode; list: number; dossiers: string[] }> {
  const master = await makeNode();
  const list = await master.makeList('overlap');
  const dossiers = await master.makeDossiers(
    [list],
    Array.from({ length: writers * 10 }, (_, index) => `Person ${index}`),
  );
  return { master, list, dossiers };
}

describe('the order of revisions', () => {
  it('lets every delta add up while transactions overlap', async () => {
    const { master, list, dossiers } = await makeOverlap();
    const methods = await followOverlap(master, list, dossiers);
    expect(methods.filter((method) => method === 'delta').length).toBeGreaterThan(3);
    expect(methods).not.toContain('reconcile');
  });
});
