import { eraseHistory } from '@dossier/accounts/history.ts';
import { query } from '@dossier/postgres/database.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { binnedDossierSchema, deletionHeader, deletionSchema, restoredSchema } from '@dossier/protocol/bin.ts';
import type { BinnedDossier, Restored } from '@dossier/protocol/bin.ts';
import { bulkReportSchema } from '@dossier/protocol/bulk.ts';
import { dossierFaceSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { pruneBin } from '@dossier/registry/bin/erase.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import { sweepSets } from '@dossier/replication/upkeep.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* What was deleted on a master: it is gone at once for everybody, and comes back as it was. */

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());
beforeEach(() => node.call('DELETE', '/bin/'));

const dossierPage = pageOf(dossierSchema);
const make = (lists: readonly number[], more: object): Promise<Dossier> =>
  node.want(201, dossierSchema, ['POST', '/dossiers/', { dossier_lists: lists, ...more }]);
const read = (id: number) => node.want(200, dossierSchema, ['GET', `/dossiers/${id}/`]);
const namesIn = async (list: number) =>
  (await node.want(200, dossierPage, ['GET', `/dossiers/?dossier_lists=${list}&limit=1000`])).results.map(({ name }) => name);
const inBin = async (ask = ''): Promise<BinnedDossier[]> =>
  (await node.want(200, pageOf(binnedDossierSchema), ['GET', `/bin/?limit=1000${ask}`])).results;
const restore = (body: object): Promise<Restored> => node.want(200, restoredSchema, ['POST', '/bin/restore/', body]);
async function remove(path: string, method = 'DELETE'): Promise<number> {
  const answer = await node.call(method, path, { role: method === 'DELETE' ? 'operator' : 'admin' });
  expect(answer.status).toBe(204);
  return Number(answer.headers.get(deletionHeader));
}
const empty = (list: number) => remove(`/dossier-lists/${list}/purge/`, 'POST');
const countOf = async (list: number) => (await node.want(200, watchListSchema, ['GET', `/dossier-lists/${list}/`])).dossier_count;

async function addPhoto(dossier: number): Promise<{ id: string; sha256: string }> {
  const form = new FormData();
  const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: dossier % 256, g: 9, b: 9 } } })
    .png()
    .toBuffer();
  form.append('dossier', String(dossier));
  form.append('source_photo', new File([new Uint8Array(bytes)], 'a.png'));
  return dossierFaceSchema.parse((await node.call('POST', '/dossier-faces/', { body: form })).json);
}

/** Lets days pass for what is in the bin, and for photos of nobody. */
async function letPass(days: number): Promise<void> {
  for (const [table, column] of [
    ['deletions', 'since'],
    ['import_batches', 'since'],
    ['sets', 'since'],
    ['photo_garbage', 'since'],
    ['history', 'date'],
  ])
    await query(node.test.database, `update ${table} set ${column} = ${column} - make_interval(days => :days)`, { days });
  await query(node.test.database, `update clock set age_moment = now()`);
}

async function tidyUp(binDays = 30): Promise<void> {
  await pruneBin(node.test.database, binDays);
  await sweepSets(node.test.database);
  await eraseHistory(node.test.database, 30);
  await collectGarbage(node.test.database, { days: 7, remove: (sha256) => node.deps.photos.remove(sha256) });
}

describe('a deleted dossier', () => {
  it('is gone for readers, stands in the bin, and comes back as it was, with its id, photos and history', async () => {
    const [one, two] = [await node.makeList('One'), await node.makeList('Two')];
    const made = await make([one, two], { name: 'Anna', comment: 'seen', meta: { plate: 'AB' }, external_id: 'a-1' });
    const photo = await addPhoto(made.id);
    const before = await read(made.id);
    const deletion = await remove(`/dossiers/${made.id}/`);
    expect((await node.call('GET', `/dossiers/${made.id}/`)).status).toBe(404);
    expect([await namesIn(one), await countOf(one), await countOf(two)]).toEqual([[], 0, 0]);
    expect((await node.want(200, dossierPage, ['GET', '/dossiers/?q=Anna'])).results).toEqual([]);
    const [entry, ...others] = await inBin();
    expect(entry).toMatchObject({
      dossier: made.id,
      name: 'Anna',
      comment: 'seen',
      external_id: 'a-1',
      face_count: 1,
      deletion,
      kind: 'dossier',
      deleted_by: 'operator',
      dossier_lists: [
        { id: one, name: 'One', there: true },
        { id: two, name: 'Two', there: true },
      ],
    });
    expect(others).toEqual([]);
    const thumbnail = await fetch(entry?.thumbnail ?? '', { headers: { authorization: `Token ${node.tokens.operator}` } });
    expect([thumbnail.status, thumbnail.headers.get('content-type')]).toEqual([200, 'image/webp']);
    expect((await node.call('GET', '/bin/', { role: 'viewer' })).status).toBe(403);

    expect(await restore({ deletion })).toMatchObject({ restored: 2, conflict_count: 0, missing: [] });
    expect(await read(made.id)).toEqual(before);
    expect([await countOf(one), await countOf(two), await inBin()]).toEqual([1, 1, []]);
    expect((await node.call('GET', `/dossier-faces/${photo.id}/photo/`)).status).toBe(200);
    const history = await node.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${made.id}/history/`]);
    expect(history.results.map(({ action, kind }) => [action, kind])).toEqual([
      ['dossier-restored', 'made'],
      ['dossier-deleted', 'removed'],
      ['photo-added', 'changed'],
      ['dossier-made', 'made'],
    ]);
    await node.refused('NOT_FOUND', ['POST', '/bin/restore/', { deletion }]);
    await node.refused('NOT_FOUND', ['POST', '/bin/restore/', { dossiers: [made.id] }]);
  });

  it('is found in the bin by its list and by what it says, page after page both ways', async () => {
    const [one, two] = [await node.makeList('Searched'), await node.makeList('Other')];
    for (const [index, name] of ['Ádám', 'Béla', 'Cili'].entries()) {
      const { id } = await make([one], { name, comment: `says ${name.toUpperCase()}`, external_id: `x${index}` });
      await remove(`/dossiers/${id}/`);
    }
    await make([two], { name: '100 % sure' });
    await make([two], { name: '100 or so' });
    await empty(two);
    const names = async (ask: string) => (await inBin(ask)).map(({ name }) => name);
    expect(await names('')).toEqual(['100 % sure', '100 or so', 'Cili', 'Béla', 'Ádám']);
    expect(await names(`&dossier_lists=${one}`)).toEqual(['Cili', 'Béla', 'Ádám']);
    expect(await names('&text=BÉLA')).toEqual(['Béla']);
    expect(await names('&text=x2')).toEqual(['Cili']);
    expect(await names(`&text=${encodeURIComponent('100 %')}`)).toEqual(['100 % sure']);
    const page = async (cursor: string | null) =>
      node.want(200, pageOf(binnedDossierSchema), ['GET', `/bin/?limit=2&page=${cursor ?? ''}`]);
    const first = await page(null);
    const second = await page(first.next_page);
    const third = await page(second.next_page);
    expect([first, second, third].map(({ results }) => results.map(({ name }) => name))).toEqual([
      ['100 % sure', '100 or so'],
      ['Cili', 'Béla'],
      ['Ádám'],
    ]);
    expect(third.next_page).toBeNull();
    expect((await page(third.prev_page)).results).toEqual(second.results);
    expect((await page(second.prev_page)).results).toEqual(first.results);
  });

  it('is written down as read, where its list demands it', async () => {
    const list = await node.makeList('Watched closely');
    const { id } = await make([list], { name: 'Read' });
    await node.call('PATCH', `/dossier-lists/${list}/`, { body: { log_reads: true } });
    await remove(`/dossiers/${id}/`);
    await node.call('GET', '/bin/', { role: 'operator' });
    const { json } = await node.call('GET', `/reads/?dossier_list=${list}`);
    expect(json).toMatchObject({ results: [{ actor: 'operator', kind: 'page', dossiers: [expect.any(String)] }] });
  });
});

describe('what is in the way of restoring', () => {
  it('is named, nothing is lost, and the rest is restored', async () => {
    const list = await node.makeList('Contested');
    const ids = [];
    for (const name of ['Taken', 'Free', 'Twice']) {
      ids.push((await make([list], { name, external_id: name === 'Free' ? null : `k-${name}` })).id);
    }
    const [taken = 0, free = 0, twice = 0] = ids;
    await empty(list);
    const other = await make([list], { name: 'Newcomer', external_id: 'k-Taken' });
    const result = await restore({ dossiers: [taken, free, twice, 999_999] });
    expect(result).toMatchObject({
      restored: 2,
      missing: [999_999],
      conflict_count: 1,
      conflicts: [{ dossier: taken, name: 'Taken', dossier_list: list, reason: 'external-id-taken', other: other.id }],
    });
    expect(result.conflicts[0]?.desc).toBe(
      `Dossier ${taken} (Taken) stays in the bin: dossier ${other.id} of the watch list has its external id k-Taken now.`,
    );
    expect((await namesIn(list)).toSorted()).toEqual(['Free', 'Newcomer', 'Twice']);
    expect((await inBin()).map(({ name }) => name)).toEqual(['Taken']);
    const refusal = await node.refused('CONFLICT', ['POST', '/bin/restore/', { dossiers: [taken] }]);
    expect(refusal.detail).toContain('Nothing was restored, and nothing is lost.');
    await node.call('PATCH', `/dossiers/${other.id}/`, { body: { external_id: null } });
    expect(await restore({ dossiers: [taken] })).toMatchObject({ restored: 1 });
    expect([await countOf(list), (await read(taken)).external_id]).toEqual([4, 'k-Taken']);
  });

  it('two that had one external id one after another: the newer comes back', async () => {
    const list = await node.makeList('Succession');
    const older = await make([list], { name: 'Older', external_id: 's' });
    await remove(`/dossiers/${older.id}/`);
    const newer = await make([list], { name: 'Newer', external_id: 's' });
    await remove(`/dossiers/${newer.id}/`);
    expect(await restore({ dossiers: [older.id, newer.id] })).toMatchObject({
      restored: 1,
      conflicts: [{ dossier: older.id, reason: 'external-id-taken', other: null }],
    });
    expect(await namesIn(list)).toEqual(['Newer']);
  });

  it('is never what a list declares: values come back as they were, into their own list and into another one', async () => {
    const [own, other] = [await node.makeList('Own'), await node.makeList('Other')];
    const made = [await make([own], { name: 'Anna', meta: { rank: 'cook' } }), await make([own], { name: 'Boris', meta: { rank: 7 } })];
    for (const { id } of made) await remove(`/dossiers/${id}/`);
    const fields = [{ name: 'rank', type: 'choice', choices: ['mate', 'captain'], required: true }];
    for (const list of [own, other]) await node.want(200, watchListSchema, ['PATCH', `/dossier-lists/${list}/`, { fields }]);
    const [anna, boris] = made.map(({ id }) => id);
    expect(await restore({ dossiers: [anna] })).toMatchObject({ restored: 1, conflict_count: 0 });
    expect(await restore({ dossiers: [boris], dossier_list: other })).toMatchObject({ restored: 1, conflict_count: 0 });
    expect([await read(anna ?? 0), await read(boris ?? 0)]).toEqual([made[0], { ...made[1], dossier_lists: [other] }]);
  });

  it('a list that is gone: into another one; a renamed one is the same', async () => {
    const [gone, renamed] = [await node.makeList('Gone soon'), await node.makeList('Before')];
    const lost = await make([gone], { name: 'Homeless' });
    const kept = await make([gone, renamed], { name: 'Half' });
    const [first, second] = [await remove(`/dossiers/${lost.id}/`), await remove(`/dossiers/${kept.id}/`)];
    await node.call('DELETE', `/dossier-lists/${gone}/`);
    await node.call('PATCH', `/dossier-lists/${renamed}/`, { body: { name: 'After' } });
    expect((await inBin()).map(({ dossier_lists: lists }) => lists.map(({ name, there }) => [name, there]))).toEqual([
      [
        ['Gone soon', false],
        ['After', true],
      ],
      [['Gone soon', false]],
    ]);
    const refusal = await node.refused('CONFLICT', ['POST', '/bin/restore/', { deletion: first }]);
    expect(refusal.detail).toContain(`its watch list ${gone} (Gone soon) is gone`);
    expect(refusal['remedy']).toContain('dossier_list');
    expect(await restore({ deletion: second })).toMatchObject({ restored: 1, conflicts: [{ reason: 'list-gone', dossier_list: gone }] });
    expect(await restore({ deletion: first, dossier_list: renamed })).toMatchObject({ restored: 1 });
    expect((await read(lost.id)).dossier_lists).toEqual([renamed]);
    await node.refused('BAD_PARAM', ['POST', '/bin/restore/', { deletion: second, dossier_list: 999_999 }], 'dossier_list');
    await node.refused('BAD_PARAM', ['POST', '/bin/restore/', {}], 'dossiers');
  });
});

/** Writes so many dossiers into an empty list. */
async function fill(list: number, count: number): Promise<void> {
  const blank = { comment: undefined, active: undefined, meta: undefined, photos: undefined };
  for (let first = 1; first <= count; first += 10_000) {
    const dossiers = Array.from({ length: Math.min(10_000, count - first + 1) }, (_, at) => ({
      ...blank,
      externalId: `n-${first + at}`,
      name: `Person ${first + at}`,
    }));
    await importDossiers(node.test.database, { listId: list, dossiers });
  }
}

describe('an emptied list', () => {
  it('gets all back at once, also what was there meanwhile stays, and its digest is that of its rows', async () => {
    const list = await node.makeList('Emptied');
    for (const name of ['A', 'B', 'C']) await make([list], { name });
    const before = await query(
      node.test.database,
      `select d.uuid, d.modified_date from dossiers d where set_id = set_of(:list) order by 1`,
      { list },
    );
    const first = await empty(list);
    const deletions = await node.want(200, pageOf(deletionSchema), ['GET', '/bin/deletions/']);
    expect(deletions.results).toMatchObject([
      { id: first, kind: 'purge', dossiers: 3, deleted_by: 'admin', dossier_lists: [{ id: list }] },
    ]);
    expect(await restore({ deletion: first })).toMatchObject({ restored: 3 });
    expect(
      await query(node.test.database, `select d.uuid, d.modified_date from dossiers d where set_id = set_of(:list) order by 1`, { list }),
    ).toEqual(before);
    expect(await isDigestTrue(list)).toBe(true);

    const second = await empty(list);
    const [one] = await inBin();
    await restore({ dossiers: [one?.dossier ?? 0] });
    await make([list], { name: 'New' });
    const third = await empty(list);
    // The set of the second lacks a dossier by now, and the list is empty again.
    expect(await restore({ deletion: second })).toMatchObject({ restored: 2 });
    expect(await isDigestTrue(list)).toBe(true);
    expect(await restore({ deletion: third })).toMatchObject({ restored: 2, conflict_count: 0 });
    expect([await isDigestTrue(list), await countOf(list), await inBin()]).toEqual([true, 4, []]);
    const audit = (await node.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=dossier-restored&limit=3'])).results;
    expect(audit.map(({ object }) => object.kind)).toEqual(['dossier', 'dossier', 'dossier']);
  });

  async function isDigestTrue(list: number): Promise<boolean> {
    await query(node.test.database, `select settle_digest(:list)`, { list });
    const [row] = await query<{ stored: string; counted: boolean; rebuilt: string }>(
      node.test.database,
      `select encode(p.digest, 'hex') as stored, p.dossier_count = (select count(*) from dossiers where set_id = p.set_id) as counted from list_positions p where list_id = :list`,
      { list },
    );
    await query(node.test.database, `select build_tree(set_of(:list))`, { list });
    const [rebuilt] = await query<{ digest: string }>(node.test.database, `select encode(set_digest(set_of(:list)), 'hex') as digest`, {
      list,
    });
    return row?.counted === true && row.stored === rebuilt?.digest;
  }

  it('of 100,000 dossiers is emptied and filled again in a moment, and restored beside others', { timeout: 120_000 }, async () => {
    const list = await node.makeList('Large');
    await fill(list, 100_000);
    const timed = async <Result>(work: () => Promise<Result>): Promise<[Result, number]> => {
      const start = performance.now();
      return [await work(), performance.now() - start];
    };

    const [deletion, emptyingMs] = await timed(() => empty(list));
    const [first, pointingMs] = await timed(() => restore({ deletion }));

    const again = await empty(list);
    await make([list], { name: 'In the way', external_id: 'n-7' });
    const second = await restore({ deletion: again });
    expect([first.restored, second.restored, second.conflict_count]).toEqual([100_000, 99_999, 1]);
    expect(await isDigestTrue(list)).toBe(true);
    const [seventh] = await query<{ id: number }>(
      node.test.database,
      `select id from dossiers where set_id = set_of(:list) and name = 'Person 9'`,
      { list },
    );
    const history = await node.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${seventh?.id}/history/`]);
    expect(history.results).toMatchObject([{ kind: 'made', action: 'dossiers-restored' }, { action: 'dossiers-restored' }]);
    // No row is touched by either.
    expect([emptyingMs < 5000, pointingMs < 15_000]).toEqual([true, true]);
  });
});

describe('erasing', () => {
  it('is for administrators, for good, with photos', async () => {
    const list = await node.makeList('Erased');
    const [one, two] = [await make([list], { name: 'Erased One' }), await make([list], { name: 'Erased Two' })];
    const photo = await addPhoto(one.id);
    await remove(`/dossiers/${one.id}/`);
    await empty(list);
    expect((await node.call('DELETE', `/bin/${one.id}/`, { role: 'operator' })).status).toBe(403);
    expect((await node.call('DELETE', `/bin/${one.id}/`)).status).toBe(204);
    expect((await node.call('DELETE', `/bin/${one.id}/`)).status).toBe(404);
    expect((await inBin()).map(({ dossier }) => dossier)).toEqual([two.id]);
    const [{ rows }] = (await query<{ rows: number }>(
      node.test.database,
      `select count(*) as rows from dossiers where name = 'Erased One'`,
    )) as [{ rows: number }];
    expect(rows).toBe(0);
    await letPass(8);
    await tidyUp();
    expect(await node.deps.photos.has(photo.sha256)).toBe(false);
    const [deletion] = (await node.want(200, pageOf(deletionSchema), ['GET', '/bin/deletions/'])).results;
    expect((await node.call('DELETE', `/bin/deletions/${deletion?.id}/`)).status).toBe(204);
    expect(await inBin()).toEqual([]);
    const audit = (await node.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=bin-erased&limit=2'])).results;
    expect(audit.map(({ object, details }) => [object.kind, details['dossiers']])).toEqual([
      ['bin', 1],
      ['dossier', 1],
    ]);
  });

  it('comes by itself when the days are over, not before, and never while the clock is in doubt', async () => {
    const list = await node.makeList('Ages');
    const { id } = await make([list], { name: 'Ageing Person' });
    const photo = await addPhoto(id);
    await remove(`/dossiers/${id}/`);
    await letPass(29);
    await tidyUp();
    expect((await inBin()).map(({ name }) => name)).toEqual(['Ageing Person']);
    expect(await node.deps.photos.has(photo.sha256)).toBe(true);
    await letPass(2);
    await query(node.test.database, `update clock set age_moment = now() - interval '40 days'`);
    await tidyUp();
    expect(await inBin()).toHaveLength(1);
    await query(node.test.database, `update clock set age_moment = now()`);
    await tidyUp();
    expect(await inBin()).toEqual([]);
    await letPass(8);
    await tidyUp();
    await letPass(8);
    await tidyUp();
    await letPass(30);
    await tidyUp();
    expect(await node.deps.photos.has(photo.sha256)).toBe(false);
    const tables = [];
    for (const table of ['dossiers', 'history', 'binned_sets', 'deletions', 'sets']) {
      const found = await query(node.test.database, `select from ${table} x where x::text like '%Ageing Person%' limit 1`);
      if (found.length > 0) tables.push(table);
    }
    expect(tables).toEqual([]);
  });

  it('keeps the history of who is in the bin, however old', async () => {
    const list = await node.makeList('Old history');
    const { id } = await make([list], { name: 'Long gone' });
    await query(node.test.database, `update history set date = date - interval '100 days'`);
    await empty(list);
    await tidyUp();
    await restore({ dossiers: [id] });
    const history = await node.want(200, pageOf(historyEntrySchema), ['GET', `/dossiers/${id}/history/`]);
    expect(history.results.map(({ action }) => action)).toEqual(['dossier-restored', 'dossier-made']);
  });
});

describe('without a bin (BIN_DAYS: 0)', () => {
  it('what is deleted is erased at once', async () => {
    const without = await startNodeApi({ BIN_DAYS: '0' });
    try {
      const list = await without.makeList('Unkept');
      const makeThere = (name: string) => without.want(201, dossierSchema, ['POST', '/dossiers/', { dossier_lists: [list], name }]);
      const [one, , three] = [await makeThere('One'), await makeThere('Two'), await makeThere('Three')];
      const bulk = { dossiers: [{ id: three.id }], delete: true };
      expect(await without.want(200, bulkReportSchema, ['POST', '/dossiers/bulk/', bulk])).toMatchObject({ done: 1, deletion: null });
      const answers = [await without.call('DELETE', `/dossiers/${one.id}/`), await without.call('POST', `/dossier-lists/${list}/purge/`)];
      expect(answers.map(({ status, headers }) => [status, headers.get(deletionHeader)])).toEqual([
        [204, null],
        [204, null],
      ]);
      expect((await without.want(200, pageOf(binnedDossierSchema), ['GET', '/bin/'])).results).toEqual([]);
      expect(await query(without.test.database, `select from binned_sets`)).toEqual([]);
    } finally {
      await without.stop();
    }
  });
});
