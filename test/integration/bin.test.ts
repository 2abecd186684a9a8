import { binnedDossierSchema } from '@dossier/protocol/bin.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { binOf } from '../kit/bin.ts';
import { startNodeApi } from '../kit/node-api.ts';
import { addPhoto, plainPicture } from '../kit/photo.ts';

/* What was deleted on a master: it is gone at once for everybody, and comes back as it was. */

const node = await startNodeApi();
afterAll(() => node.stop());
beforeEach(() => node.call('DELETE', '/bin/'));

const { make, read, namesIn, inBin, restore, remove, empty, countOf } = binOf(node);

describe('a deleted dossier', () => {
  it('is gone for readers, stands in the bin, and comes back as it was, with its id, photos and history', async () => {
    const [one, two] = [await node.makeList('One'), await node.makeList('Two')];
    const made = await make([one, two], { name: 'Anna', comment: 'seen', meta: { plate: 'AB' }, external_id: 'a-1' });
    const photo = await addPhoto({ url: node.url, token: node.tokens.admin }, made.id, await plainPicture('#0909ff'));
    const before = await read(made.id);
    const deletion = await remove(`/dossiers/${made.id}/`);
    expect((await node.call('GET', `/dossiers/${made.id}/`)).status).toBe(404);
    expect([await namesIn(one), await countOf(one), await countOf(two)]).toEqual([[], 0, 0]);
    expect((await node.want(200, pageOf(dossierSchema), ['GET', '/dossiers/?q=Anna'])).results).toEqual([]);
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
