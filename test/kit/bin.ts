import { eraseHistory } from '@dossier/accounts/history.ts';
import { query } from '@dossier/postgres/database.ts';
import { binnedDossierSchema, deletionHeader, restoredSchema } from '@dossier/protocol/bin.ts';
import type { BinnedDossier, Restored } from '@dossier/protocol/bin.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { pruneBin } from '@dossier/registry/bin/erase.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import { sweepSets } from '@dossier/replication/upkeep.ts';
import { expect } from 'vitest';
import type { NodeApi } from './node-api.ts';

/** What tests of the bin do on a node, as its people do. */
export function binOf(node: NodeApi) {
  const { database } = node.test;
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

  /** Lets days pass for what is in the bin, and for photos of nobody. */
  async function letPass(days: number): Promise<void> {
    for (const [table, column] of [
      ['deletions', 'since'],
      ['import_batches', 'since'],
      ['sets', 'since'],
      ['photo_garbage', 'since'],
      ['history', 'date'],
    ])
      await query(database, `update ${table} set ${column} = ${column} - make_interval(days => :days)`, { days });
    await query(database, `update clock set age_moment = now()`);
  }

  async function tidyUp(binDays = 30): Promise<void> {
    await pruneBin(database, binDays);
    await sweepSets(database);
    await eraseHistory(database, 30);
    await collectGarbage(database, { days: 7, remove: (sha256) => node.deps.photos.remove(sha256) });
  }

  /** Whether count and digest of a list are those of its rows. */
  async function isDigestTrue(list: number): Promise<boolean> {
    await query(database, `select settle_digest(:list)`, { list });
    const [row] = await query<{ stored: string; counted: boolean; rebuilt: string }>(
      database,
      `select encode(p.digest, 'hex') as stored, p.dossier_count = (select count(*) from dossiers where set_id = p.set_id) as counted from list_positions p where list_id = :list`,
      { list },
    );
    await query(database, `select build_tree(set_of(:list))`, { list });
    const [rebuilt] = await query<{ digest: string }>(database, `select encode(set_digest(set_of(:list)), 'hex') as digest`, {
      list,
    });
    return row?.counted === true && row.stored === rebuilt?.digest;
  }

  return { make, read, namesIn, inBin, restore, remove, empty, countOf, letPass, tidyUp, isDigestTrue };
}
