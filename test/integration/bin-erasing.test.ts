import { query } from '@dossier/postgres/database.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { binnedDossierSchema, deletionHeader, deletionSchema } from '@dossier/protocol/bin.ts';
import { bulkReportSchema } from '@dossier/protocol/bulk.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { binOf } from '../kit/bin.ts';
import { startNodeApi } from '../kit/node-api.ts';
import { addPhoto, plainPicture } from '../kit/photo.ts';

/* What is erased from the bin, or never comes there. */

const node = await startNodeApi();
afterAll(() => node.stop());
beforeEach(() => node.call('DELETE', '/bin/'));

const { make, inBin, restore, remove, empty, letPass, tidyUp } = binOf(node);

describe('erasing', () => {
  it('is for administrators, for good, with photos', async () => {
    const list = await node.makeList('Erased');
    const [one, two] = [await make([list], { name: 'Erased One' }), await make([list], { name: 'Erased Two' })];
    const photo = await addPhoto({ url: node.url, token: node.tokens.admin }, one.id, await plainPicture('#0909ff'));
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
    const photo = await addPhoto({ url: node.url, token: node.tokens.admin }, id, await plainPicture('#0909ff'));
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
