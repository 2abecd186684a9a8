import type { DeclaredField, Words } from '@dossier/domain/declaration.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { createDossier, updateDossier } from '@dossier/registry/dossier-changes.ts';
import { updateWatchList } from '@dossier/registry/watch-lists.ts';
import { findLink, finishUnlink, startUnlink } from '@dossier/replication/links.ts';
import { requestUndo } from '@dossier/replication/undo.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

/* What a list declares arrives with its next sync, is a part of what "equal" means, and is passed on. */

let headquarters: EngineNode;
let branch: EngineNode;
let gate: EngineNode;

beforeAll(async () => {
  [headquarters, branch, gate] = await Promise.all([createEngineNode(), createEngineNode(), createEngineNode()]);
});
afterAll(() => Promise.all([headquarters, branch, gate].map((node) => node?.close())));

const rank: DeclaredField = {
  name: 'rank',
  label: { en: 'Rank', ru: 'Звание' },
  type: 'choice',
  choices: ['mate', 'captain'],
  required: false,
  shown_in_table: true,
};
const age: DeclaredField = { name: 'age', label: {}, type: 'number', required: false, shown_in_table: false };

async function declaredAt({ database }: EngineNode, list: number): Promise<string> {
  const row = await queryOne<{ declaration: string }>(
    database,
    `select declaration::text as declaration from watch_lists where id = :list`,
    {
      list,
    },
  );
  return row?.declaration ?? '';
}

const declare = (list: number, fields: readonly DeclaredField[], instruction: Words = {}) =>
  updateWatchList(headquarters.database, list, { fields, instruction });

async function linked(name: string, count = 3): Promise<{ atHeadquarters: number; atBranch: number }> {
  const atHeadquarters = await headquarters.makeList(name);
  await headquarters.makeDossiers(
    [atHeadquarters],
    Array.from({ length: count }, (_, index) => `${name} ${index}`),
  );
  const atBranch = await branch.makeList(name);
  await branch.link(headquarters, atHeadquarters, atBranch);
  return { atHeadquarters, atBranch };
}

it('a declaration arrives with the first sync, and a change of it alone with the next one, through a branch to its gate', async () => {
  const atHeadquarters = await headquarters.makeList('declared');
  await headquarters.makeDossiers([atHeadquarters], ['Anna', 'Boris']);
  await declare(atHeadquarters, [rank]);
  const atBranch = await branch.makeList('declared');
  const atGate = await gate.makeList('declared');
  await branch.link(headquarters, atHeadquarters, atBranch);
  await gate.link(branch, atBranch, atGate);
  const first = await declaredAt(headquarters, atHeadquarters);
  expect(first).toContain('"captain"');
  expect([await declaredAt(branch, atBranch), await declaredAt(gate, atGate)]).toEqual([first, first]);

  await declare(atHeadquarters, [age, rank], { en: 'Call the guard', ru: 'Вызовите охрану' });
  expect(await gate.sync(atGate)).toMatchObject({ state: 'unchanged' });
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'synced', added: 0, changed: 0, removed: 0 });
  expect(await gate.sync(atGate)).toMatchObject({ state: 'synced', added: 0, changed: 0, removed: 0 });
  const second = await declaredAt(headquarters, atHeadquarters);
  expect(second).toContain('Вызовите охрану');
  expect([await declaredAt(branch, atBranch), await declaredAt(gate, atGate)]).toEqual([second, second]);
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'unchanged' });
  expect(await gate.sync(atGate, { mode: 'verify' })).toMatchObject({ state: 'synced' });

  const [told] = await query<{ after: { instruction: Words }; run_id: number | null; master: string }>(
    gate.database,
    `select h.after, h.run_id, h.master from history h join watch_lists l on l.uuid = h.object
     where l.id = :atGate and h.kind = 'changed' order by h.id desc limit 1`,
    { atGate },
  );
  expect(told).toMatchObject({ after: { instruction: { en: 'Call the guard' } }, run_id: expect.any(Number), master: branch.feedUrl });
});

it('a declaration that was changed on the replica behind its back is told of and mended; its own edits are refused', async () => {
  const { atHeadquarters, atBranch } = await linked('tampered');
  await declare(atHeadquarters, [rank]);
  await branch.sync(atBranch);
  await expect(updateWatchList(branch.database, atBranch, { fields: [] })).rejects.toMatchObject({ code: 'READ_ONLY' });
  await expect(updateWatchList(branch.database, atBranch, { instruction: {} })).rejects.toMatchObject({ code: 'READ_ONLY' });

  await query(branch.database, `update watch_lists set declaration = '{"fields":[],"instruction":{}}' where id = :atBranch`, { atBranch });
  expect(await findLink(branch.database, atBranch)).toMatchObject({ doubt: 'changed-here' });
  await branch.sync(atBranch, { mode: 'verify' }).catch(() => undefined);
  const link = await findLink(branch.database, atBranch);
  expect(link).toMatchObject({ state: 'failed', error: { code: 'REPLICA_DIFFERS' } });
  expect(link?.error?.desc).toContain('what to do at the door');
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'synced' });
  expect(await declaredAt(branch, atBranch)).toBe(await declaredAt(headquarters, atHeadquarters));
  expect(await findLink(branch.database, atBranch)).toMatchObject({ state: 'synced', doubt: null, error: null });
});

it('the nightly question asks about what is declared, too', async () => {
  const lists = [await linked('nightly one'), await linked('nightly two')];
  const due = new Date(Date.now() + 2 * 86_400_000);
  // Both stand at the head that their tags name, and none of them is due to be looked at row by row.
  for (const { atBranch } of lists) await branch.sync(atBranch);
  await query(branch.database, `update links set deep_verified_at = :due`, { due });
  await declare(lists[0]?.atHeadquarters ?? 0, [age]);
  await branch.tick(due);
  const runs = await query<{ slave_list_id: number; state: string }>(
    branch.database,
    `select distinct on (slave_list_id) slave_list_id, state from runs where slave_list_id = any(:lists::bigint[]) order by slave_list_id, id desc`,
    { lists: lists.map(({ atBranch }) => atBranch) },
  );
  expect(runs.map(({ state }) => state)).toEqual(['queued', 'unchanged']);
  expect(await branch.sync(lists[0]?.atBranch ?? 0)).toMatchObject({ state: 'synced' });
  expect(await declaredAt(branch, lists[0]?.atBranch ?? 0)).toContain('"age"');
});

it('what is held brings no declaration either, and an undo takes it back with the dossiers', async () => {
  const { atHeadquarters, atBranch } = await linked('undone', 60);
  const nothing = await declaredAt(branch, atBranch);
  await declare(atHeadquarters, [rank]);
  await query(headquarters.database, `update dossiers set comment = 'new' where set_id = set_of(:atHeadquarters) and name = 'undone 0'`, {
    atHeadquarters,
  });
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'synced', changed: 1 });
  expect(await declaredAt(branch, atBranch)).toContain('"rank"');
  expect(await requestUndo(branch.database, { slaveListId: atBranch, by: 'somebody' })).toMatchObject({ outcome: 'run' });
  expect(await branch.sync(atBranch, { reason: 'undo' })).toMatchObject({ state: 'undone' });
  expect(await declaredAt(branch, atBranch)).toBe(nothing);
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'held' });
  expect(await declaredAt(branch, atBranch)).toBe(nothing);

  await declare(atHeadquarters, [rank, age]);
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'held' });
  expect(await declaredAt(branch, atBranch)).toBe(nothing);
  await query(headquarters.database, `update dossiers set comment = 'newer' where set_id = set_of(:atHeadquarters) and name = 'undone 1'`, {
    atHeadquarters,
  });
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'synced', changed: 2 });
  expect(await declaredAt(branch, atBranch)).toBe(await declaredAt(headquarters, atHeadquarters));
  expect(await branch.sync(atBranch)).toMatchObject({ state: 'unchanged' });
});

it('after its link is cancelled a list keeps what it declared, holds writers to it and can be declared anew', async () => {
  const { atHeadquarters } = await linked('released');
  await declare(atHeadquarters, [age]);
  const { database } = gate;
  for (const { slave_list_id: list } of await query<{ slave_list_id: number }>(database, `select slave_list_id from links`)) {
    await startUnlink(database, list, false);
    await finishUnlink(database, list);
  }
  const atGate = await gate.makeList('released');
  await gate.link(headquarters, atHeadquarters, atGate);
  await startUnlink(database, atGate, false);
  expect(await finishUnlink(database, atGate)).toBe(true);
  const made = (meta: { [key: string]: string | number }) =>
    createDossier(database, {
      name: 'New',
      comment: '',
      active: true,
      valid_from: null,
      valid_until: null,
      external_id: null,
      lists: [atGate],
      meta,
    });
  await expect(made({ age: 'old' })).rejects.toMatchObject({
    code: 'BAD_PARAM',
    message: expect.stringContaining('meta.age: must be a number'),
  });
  const { dossier } = await made({ age: 41 });
  await updateWatchList(database, atGate, { fields: [{ ...age, type: 'text' }] });
  expect((await updateDossier(database, dossier.id, { comment: 'kept' })).dossier.meta).toEqual({ age: 41 });
  await expect(updateDossier(database, dossier.id, { meta: { age: 42 } })).rejects.toThrow('meta.age: must be a text');
});
