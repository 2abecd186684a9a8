import { query } from '@dossier/postgres/database.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { deletionSchema } from '@dossier/protocol/bin.ts';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { binOf } from '../kit/bin.ts';
import { startNodeApi } from '../kit/node-api.ts';

/* Emptied lists, and how they get back what they held. */

const node = await startNodeApi();
afterAll(() => node.stop());
beforeEach(() => node.call('DELETE', '/bin/'));

const { make, inBin, restore, empty, countOf, isDigestTrue } = binOf(node);

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

  it(
    'of 100,000 dossiers is emptied and filled again without a row being touched, and restored beside others',
    { timeout: 120_000 },
    async () => {
      const list = await node.makeList('Large');
      await fill(list, 100_000);
      const places = () =>
        query(
          node.test.database,
          `select md5(string_agg(concat(uuid, ctid, xmin), ' ' order by uuid)) as places from dossiers where name like 'Person %'`,
        );
      const before = await places();
      const deletion = await empty(list);
      const first = await restore({ deletion });
      // No row was touched by either.
      expect(await places()).toEqual(before);

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
    },
  );
});
