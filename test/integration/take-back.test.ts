import { randomUUID } from 'node:crypto';
import { beginImport } from '@dossier/accounts/imports.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { binnedDossierSchema, restoredSchema, takenBackSchema } from '@dossier/protocol/bin.ts';
import type { TakenBack } from '@dossier/protocol/bin.ts';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { importReportSchema } from '@dossier/protocol/import.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { pruneBin } from '@dossier/registry/bin/erase.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { lockLists } from '@dossier/registry/positions.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { addPhoto, plainPicture } from '../kit/photo.ts';

/* Taking an import back as a whole: what it added goes to the bin, what it changed is as it was. */

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

const lines = (dossiers: readonly object[]): string => dossiers.map((dossier) => JSON.stringify(dossier)).join('\n');
const bring = (list: number, ...dossiers: object[]): Promise<string> => bringAll(list, dossiers);
async function bringAll(list: number, dossiers: readonly object[]): Promise<string> {
  const answer = await node.call('POST', `/dossier-lists/${list}/import/`, { body: lines(dossiers), role: 'operator' });
  return importReportSchema.parse(answer.json).import ?? '';
}
const takeBack = (id: string, ask = ''): Promise<TakenBack> => node.want(200, takenBackSchema, ['POST', `/imports/${id}/undo/${ask}`]);
const inList = async (list: number): Promise<Dossier[]> =>
  (await node.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?dossier_lists=${list}&ordering=name&limit=1000`])).results;
const summary = async (list: number) => (await inList(list)).map(({ name, comment }) => `${name}: ${comment}`);
/** What stands in the rows of a list, but for their revisions. */
const rowsOf = (list: number) =>
  query(
    node.test.database,
    `select id, uuid, created_date::text, modified_date::text, encode(hash, 'hex') as hash, name, comment, meta::text, photos::text, external_id from dossiers
     where set_id = set_of(:list) order by uuid`,
    { list },
  );

it('puts the list back to what it was, photos and dates too; first it says what it would do', async () => {
  const list = await node.makeList('Imported into');
  await bring(list, { external_id: 'a', name: 'Anna', comment: 'before', meta: { plate: 'AB' } }, { external_id: 'b', name: 'Boris' });
  const [anna] = await inList(list);
  const { sha256: photo } = await addPhoto({ url: node.url, token: node.tokens.admin }, anna?.id ?? 0, await plainPicture('#070907'));
  const before = await rowsOf(list);
  const id = await bring(
    list,
    { external_id: 'a', name: 'Anna', comment: 'after', meta: {}, photos: [] },
    { external_id: 'b', name: 'Boris' },
    { external_id: 'c', name: 'Carla' },
    { name: 'Nameless' },
  );
  expect(await summary(list)).toEqual(['Anna: after', 'Boris: ', 'Carla: ', 'Nameless: ']);
  // Its photo is shown by nothing else; days pass.
  await query(node.test.database, `update photo_garbage set since = since - interval '8 days'`);
  await collectGarbage(node.test.database, { days: 7, remove: (sha256) => node.deps.photos.remove(sha256) });
  expect(await takeBack(id, '?preview=true')).toMatchObject({ preview: true, removed: 2, returned: 1, left: 0, deletion: null });
  expect(await inList(list)).toHaveLength(4);
  expect((await node.call('POST', `/imports/${id}/undo/`, { role: 'viewer' })).status).toBe(403);

  const taken = await takeBack(id);
  expect(taken).toMatchObject({ preview: false, dossier_list: list, removed: 2, returned: 1, left: 0, left_dossiers: [] });
  expect(await rowsOf(list)).toEqual(before);
  const faces = await node.want(200, pageOf(dossierFaceSchema), ['GET', `/dossier-faces/?dossier=${anna?.id}`]);
  expect(faces.results.map(({ sha256 }) => sha256)).toEqual([photo]);
  expect((await node.call('GET', `/dossier-faces/${faces.results[0]?.id}/photo/`)).status).toBe(200);
  const binned = await node.want(200, pageOf(binnedDossierSchema), ['GET', `/bin/?deletion=${taken.deletion}`]);
  expect(binned.results.map(({ name, kind }) => [name, kind])).toEqual([
    ['Carla', 'import'],
    ['Nameless', 'import'],
  ]);
  const history = await node.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${anna?.id}/history/`]);
  expect(history.results[0]).toMatchObject({
    kind: 'changed',
    action: 'import-taken-back',
    actor: 'admin',
    before: { comment: 'after', meta: {} },
    after: { comment: 'before', meta: { plate: 'AB' } },
  });
  expect((await node.refused('CONFLICT', ['POST', `/imports/${id}/undo/`])).detail).toContain('was taken back already');
  expect(await node.want(200, restoredSchema, ['POST', '/bin/restore/', { deletion: taken.deletion }])).toMatchObject({ restored: 2 });
  expect(await summary(list)).toEqual(['Anna: before', 'Boris: ', 'Carla: ', 'Nameless: ']);
});

it('leaves what somebody has changed since, and names it', async () => {
  const list = await node.makeList('Worked on');
  await bring(list, { external_id: 'a', name: 'Anna' }, { external_id: 'b', name: 'Boris' });
  const id = await bring(
    list,
    { external_id: 'a', name: 'Anna', comment: 'i' },
    { external_id: 'b', name: 'Boris', comment: 'i' },
    { external_id: 'c', name: 'Carla' },
    { external_id: 'd', name: 'Dora' },
    { external_id: 'e', name: 'Emil' },
  );
  const [anna, , carla, , emil] = await inList(list);
  for (const each of [anna, carla]) await node.call('PATCH', `/dossiers/${each?.id}/`, { body: { comment: 'by hand' } });
  await node.call('DELETE', `/dossiers/${emil?.id}/`);
  const taken = await takeBack(id);
  expect(taken).toMatchObject({ removed: 1, returned: 1, left: 2 });
  expect(taken.left_dossiers).toEqual([
    { dossier: anna?.id, name: 'Anna', added: false },
    { dossier: carla?.id, name: 'Carla', added: true },
  ]);
  expect(await summary(list)).toEqual(['Anna: by hand', 'Boris: ', 'Carla: by hand']);
});

it('gives back values as they were, also where the list declares them otherwise since', async () => {
  const list = await node.makeList('Declared since');
  await bring(list, { external_id: 'a', name: 'Anna', meta: { rank: 'cook' } });
  const before = await rowsOf(list);
  const second = await bring(list, { external_id: 'a', name: 'Anna', meta: { rank: 'mate' } }, { external_id: 'b', name: 'Boris' });
  const fields = [{ name: 'rank', type: 'choice', choices: ['mate', 'captain'], required: true }];
  await node.want(200, watchListSchema, ['PATCH', `/dossier-lists/${list}/`, { fields }]);
  expect(await takeBack(second)).toMatchObject({ removed: 1, returned: 1, left: 0 });
  expect(await rowsOf(list)).toEqual(before);
});

it('takes imports back that came one after another, the last one first', async () => {
  const list = await node.makeList('Layers');
  const first = await bring(list, { external_id: 'a', name: 'Anna', comment: '1' });
  const second = await bring(list, { external_id: 'a', name: 'Anna', comment: '2' });
  expect(await takeBack(first, '?preview=true')).toMatchObject({ removed: 0, left: 1 });
  await takeBack(second);
  expect(await summary(list)).toEqual(['Anna: 1']);
  expect(await takeBack(first)).toMatchObject({ removed: 1, left: 0 });
  expect(await inList(list)).toEqual([]);
});

it('knows what was deleted and restored meanwhile, one by one or with its list, for the same', async () => {
  const list = await node.makeList('There and back');
  const id = await bring(list, { external_id: 'a', name: 'Anna' }, { external_id: 'b', name: 'Boris' });
  const [anna] = await inList(list);
  await node.call('DELETE', `/dossiers/${anna?.id}/`);
  await node.call('POST', '/bin/restore/', { body: { dossiers: [anna?.id] } });
  const purge = await node.call('POST', `/dossier-lists/${list}/purge/`);
  await node.call('POST', '/bin/restore/', { body: { deletion: Number(purge.headers.get('dossier-deletion')) } });
  expect(await takeBack(id)).toMatchObject({ removed: 2, left: 0 });
});

it('takes back what came twice in one file, batches apart, and keeps what a person did in between', async () => {
  const list = await node.makeList('Twice');
  await bring(list, { external_id: 'old', name: 'Old', comment: '0' });
  const many = Array.from({ length: 4000 }, (_, at) => ({ external_id: `m-${at}`, name: `Many ${at}` }));
  const id = await bring(
    list,
    { external_id: 'old', name: 'Old', comment: '1' },
    { external_id: 'new', name: 'New' },
    ...many,
    { external_id: 'old', name: 'Old', comment: '2' },
    { external_id: 'new', name: 'New', comment: 'again' },
  );
  expect(await takeBack(id)).toMatchObject({ removed: 4001, returned: 1, left: 0 });
  expect(await summary(list)).toEqual(['Old: 0']);

  const origin = { auditId: 4_000_001, room: 0, canBeTakenBack: true };
  const uuid = randomUUID();
  const actor = { actor: 'somebody', via: 'cli', address: null } as const;
  await beginImport(node.test.database, { uuid, auditId: origin.auditId, list: { id: list, name: 'x' }, actor, file: null, reading: {} });
  await query(node.test.database, `update imports set state = 'done' where uuid = :uuid`, { uuid });
  const one = { externalId: 'x', name: 'X', active: undefined, meta: undefined, photos: undefined };
  const write = (comment: string) => importDossiers(node.test.database, { listId: list, dossiers: [{ ...one, comment }], origin });
  await write('first batch');
  const x = (await inList(list)).find(({ name }) => name === 'X');
  await node.call('PATCH', `/dossiers/${x?.id}/`, { body: { comment: 'a person' } });
  await write('last batch');
  expect(await takeBack(uuid)).toMatchObject({ removed: 0, returned: 1, left: 0 });
  expect(await summary(list)).toEqual(['Old: 0', 'X: a person']);
});

it('is told when it can’t be: too old, its list gone, nothing written, no import', async () => {
  const list = await node.makeList('Old import');
  const id = await bring(list, { external_id: 'a', name: 'Anna', comment: '1' });
  const later = await bring(list, { external_id: 'a', name: 'Anna', comment: '2' });
  const nothing = await bring(list, { external_id: 'a', name: 'Anna', comment: '2' });
  await node.refused('CONFLICT', ['POST', `/imports/${nothing}/undo/`]);
  await query(node.test.database, `update import_batches set since = since - interval '31 days'`);
  await query(node.test.database, `update clock set age_moment = now()`);
  await pruneBin(node.test.database, 30);
  await node.refused('CONFLICT', ['POST', `/imports/${id}/undo/`]);
  await node.refused('CONFLICT', ['POST', `/imports/${later}/undo/`]);
  await node.refused('NOT_FOUND', ['POST', `/imports/${randomUUID()}/undo/`]);
  expect(await query(node.test.database, `select from import_formers`)).toEqual([]);

  const gone = await node.makeList('Gone');
  const into = await bring(gone, { name: 'Anna' });
  await node.call('POST', `/dossier-lists/${gone}/purge/`);
  await node.call('DELETE', `/dossier-lists/${gone}/`);
  expect((await node.refused('CONFLICT', ['POST', `/imports/${into}/undo/`])).detail).toContain('is gone');
});

it('of 100,000 dossiers, 20,000 of them changed ones, is taken back as a whole', { timeout: 120_000 }, async () => {
  const list = await node.makeList('Large');
  await bringAll(
    list,
    Array.from({ length: 20_000 }, (_, at) => ({ external_id: `n-${at}`, name: `Person ${at}`, comment: 'before' })),
  );
  const before = await rowsOf(list);
  const id = await bringAll(
    list,
    Array.from({ length: 120_000 }, (_, at) => ({ external_id: `n-${at}`, name: `Person ${at}`, comment: 'after' })),
  );
  expect(await takeBack(id)).toMatchObject({ removed: 100_000, returned: 20_000, left: 0 });
  expect(await rowsOf(list)).toEqual(before);
});

it('leaves a dossier into which somebody has merged another one meanwhile: the person stays in the list', async () => {
  const list = await node.makeList('Merged');
  const old = await node.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Anna', dossier_lists: [list] }]);
  const id = await bring(list, { external_id: 'a', name: 'Anna' });
  const fresh = (await inList(list)).find((dossier) => dossier.id !== old.id);
  await node.want(200, dossierSchema, ['POST', `/dossiers/${fresh?.id}/merge/`, { with: old.id }]);
  expect(await takeBack(id)).toMatchObject({ removed: 0, returned: 0, left: 1, left_dossiers: [{ dossier: fresh?.id }] });
  expect(await inList(list)).toHaveLength(1);
});

it('waits for the end of an import that still runs', async () => {
  const list = await node.makeList('Running');
  const id = await bring(list, { name: 'Anna' });
  await query(node.test.database, `update imports set state = 'running' where uuid = :id`, { id });
  expect((await node.refused('CONFLICT', ['POST', `/imports/${id}/undo/`])).detail).toContain('still running');
  expect(await inList(list)).toHaveLength(1);
});

it('touches no row where it had made all of the list', async () => {
  const list = await node.makeList('Whole');
  const id = await bring(list, { name: 'Anna' }, { name: 'Berta' });
  const sets = () => query<{ set_id: number }>(node.test.database, `select set_of(:list) as set_id`, { list });
  const [before] = await sets();
  const { deletion } = await takeBack(id);
  expect(await query(node.test.database, `select set_id from binned_sets where deletion_id = :deletion`, { deletion })).toEqual([before]);
  expect(await inList(list)).toEqual([]);
  await node.want(200, restoredSchema, ['POST', '/bin/restore/', { deletion }]);
  expect(await summary(list)).toEqual(['Anna: ', 'Berta: ']);
});

it('is looked at without waiting for who writes the list', async () => {
  const list = await node.makeList('Busy');
  const id = await bring(list, { name: 'Anna' });
  await transaction(node.test.database, async (tx) => {
    await lockLists(tx, [list]);
    expect(await takeBack(id, '?preview=true')).toMatchObject({ removed: 1 });
  });
});

it('an erased dossier is erased from what its import would have brought back, too', async () => {
  const list = await node.makeList('Erased');
  await bring(list, { external_id: 'a', name: 'Anna', comment: '1' });
  await bring(list, { external_id: 'a', name: 'Anna', comment: '2' });
  const [anna] = await inList(list);
  const formers = () =>
    query(node.test.database, `select from import_formers f join import_batches b using (audit_id) where b.list_id = :list`, { list });
  expect(await formers()).toHaveLength(1);
  await node.call('DELETE', `/dossiers/${anna?.id}/`);
  expect(await formers()).toHaveLength(1);
  expect((await node.call('DELETE', `/bin/${anna?.id}/`)).status).toBe(204);
  expect(await formers()).toEqual([]);
});

it('what an import writes is later than what somebody wrote while it waited', async () => {
  const [list, other] = [await node.makeList('One'), await node.makeList('Other')];
  const { id } = await node.want(201, dossierSchema, [
    'POST',
    '/dossiers/',
    { name: 'Anna', external_id: 'a', dossier_lists: [list, other] },
  ]);
  const one = { externalId: 'a', name: 'Anna', comment: 'import', active: undefined, meta: undefined, photos: undefined };
  await transaction(node.test.database, async (tx) => {
    await query(tx, `select now()`);
    await node.call('PATCH', `/dossiers/${id}/`, { body: { comment: 'a person' } });
    await importDossiers(tx, { listId: list, dossiers: [one] });
  });
  expect(await node.want(200, dossierSchema, ['GET', `/dossiers/${id}/`])).toMatchObject({ comment: 'import' });
});

it('an import that broke off while the clock was years ahead is known to have, and can be taken back once the clock is right', async () => {
  const list = await node.makeList('Broken off');
  const id = await bring(list, { external_id: 'a', name: 'Anna' });
  await query(node.test.database, `update imports set state = 'running', heard = now() + interval '3 years' where uuid = :id`, { id });
  expect(await takeBack(id)).toMatchObject({ removed: 1 });
});
