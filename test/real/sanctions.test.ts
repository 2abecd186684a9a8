import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { importLines, readLines, realFile } from '../kit/real-data.ts';

interface Operation {
  seq: number;
  op: 'add' | 'change' | 'remove';
  dossier?: object;
  external_id?: string;
}

let master: EngineNode;
let awake: EngineNode;
let asleep: EngineNode;

beforeAll(async () => {
  [master, awake, asleep] = await Promise.all([createEngineNode(), createEngineNode(), createEngineNode()]);
});
afterAll(async () => {
  await Promise.all([master, awake, asleep].map((node) => node.close()));
});

async function applyVersion(listId: number, operations: readonly Operation[]): Promise<void> {
  const lines = operations.filter(({ op }) => op !== 'remove').map(({ dossier }) => JSON.stringify(dossier));
  if (lines.length > 0) expect(await importLines(master, { listId, lines })).toMatchObject({ refused: 0 });
  const removed = operations.filter(({ op }) => op === 'remove').map((operation) => operation.external_id);
  await query(master.database, `delete from dossiers where external_id = any(:removed::text[])`, { removed });
}

describe('the sanctions list of the US Treasury', () => {
  it('follows all its dated versions, one sync each; a slave that slept meanwhile ends equal', async () => {
    const remote = await master.makeList('OFAC SDN');
    const base = readLines(realFile('ofac_sdn', 'base_2021-08-18.jsonl'));
    expect(await importLines(master, { listId: remote, lines: base })).toMatchObject({ added: base.length, refused: 0 });
    const [local, sleeper] = [await awake.makeList('OFAC SDN'), await asleep.makeList('OFAC SDN')];
    expect(await awake.link(master, remote, local)).toMatchObject({ state: 'synced', added: base.length });
    expect(await asleep.link(master, remote, sleeper)).toMatchObject({ state: 'synced', added: base.length });
    expect(await contentOf(awake.database, local)).toEqual(await contentOf(master.database, remote));

    const operations = readLines(realFile('ofac_sdn', 'deltas.jsonl')).map((line) => JSON.parse(line) as Operation);
    const versions = readLines(realFile('ofac_sdn', 'days.tsv'))
      .slice(1)
      .map((line) => line.split('\t'));
    expect(versions).toHaveLength(198);
    for (const [sequence, , , , , added, changed, removed] of versions) {
      const version = Number(sequence);
      await applyVersion(
        remote,
        operations.filter(({ seq }) => seq === version),
      );
      const run = await awake.sync(local);
      const moved = Number(added) + Number(changed) + Number(removed) > 0;
      if (moved) expect(run, `version ${version}`).toMatchObject({ state: 'synced', added: Number(added), removed: Number(removed) });
      else expect(run, `version ${version}`).toMatchObject({ state: 'unchanged', fetched: 0, bytes: 0 });
      expect(await contentOf(awake.database, local), `version ${version}`).toEqual(await contentOf(master.database, remote));
      if (version <= 40) await asleep.sync(sleeper);
      if (version === 120) {
        await asleep.sync(sleeper);
        expect(await contentOf(asleep.database, sleeper)).toEqual(await contentOf(awake.database, local));
      }
    }
  });

  it('whose next version on 2024-05-04 was an empty file keeps serving the one before, until somebody has looked', async () => {
    const remote = await master.makeList('OFAC SDN, overnight');
    const base = readLines(realFile('ofac_sdn', 'base_2021-08-18.jsonl')).map((line) => line.replace('ofac-sdn:', 'night:'));
    await importLines(master, { listId: remote, lines: base });
    const local = await awake.makeList('OFAC SDN, overnight');
    expect(await awake.link(master, remote, local)).toMatchObject({ state: 'synced', added: base.length });
    const before = await contentOf(awake.database, local);
    await query(master.database, `delete from dossiers where set_id = set_of(:remote)`, { remote });
    const night = await awake.sync(local, { reason: 'schedule' });
    expect(night).toMatchObject({
      state: 'held',
      removed: 0,
      held: { removing: base.length, reasons: [{ guard: 'emptied' }, { guard: 'deletions' }] },
    });
    expect(night.held?.examples).toHaveLength(100);
    expect(await contentOf(awake.database, local)).toEqual(before);
    // The publisher mends it: nobody had to do anything here.
    await importLines(master, { listId: remote, lines: base });
    const morning = await awake.sync(local, { reason: 'schedule' });
    // On the master they are new dossiers under the same external ids: the same persons.
    expect(morning).toMatchObject({ state: 'synced', added: base.length, removed: base.length });
    expect(await contentOf(awake.database, local)).toEqual(await contentOf(master.database, remote));
  });
});
