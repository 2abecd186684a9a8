import { createHash } from 'node:crypto';
import { query } from '@dossier/postgres/database.ts';
import { restore } from '@dossier/registry/bin/restore.ts';
import { deleteDossier } from '@dossier/registry/dossier-deletions.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { purgeWatchList } from '@dossier/registry/watch-lists.ts';
import { expect, it } from 'vitest';
import { addPhotoByHand } from '../kit/by-hand.ts';
import { createEnginePair } from '../kit/engine-pair.ts';
import { contentOf } from '../kit/engine.ts';

/* What a slave sees of the bin: dossiers leave it, and come back as the same ones. */

const { master, slave } = await createEnginePair();
const binnedBy = 'an operator';

async function idOf(uuid: string): Promise<number> {
  const [row] = await query<{ id: number }>(master.database, `select id from dossiers where uuid = :uuid limit 1`, { uuid });
  return row?.id ?? 0;
}

async function linked(name: string, names: readonly string[]): Promise<{ remote: number; local: number; uuids: string[] }> {
  const remote = await master.makeList(name);
  const uuids = await master.makeDossiers([remote], names);
  const local = await slave.makeList(name);
  await slave.link(master, remote, local);
  return { remote, local, uuids };
}

it('a deleted dossier leaves the slave with the next sync, and is the same one there when it is restored, with its photo', async () => {
  const { remote, local, uuids } = await linked('One', ['Anna', 'Boris']);
  const [anna = ''] = uuids;
  const bytes = Buffer.from('the face of Anna');
  await master.photos.put(bytes);
  await addPhotoByHand(master.database, [anna], { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length });
  await slave.sync(local);
  const before = await contentOf(slave.database, local);
  const { deletion } = await deleteDossier(master.database, await idOf(anna), { binnedBy });
  expect(await slave.sync(local)).toMatchObject({ state: 'synced', removed: 1 });
  expect(await contentOf(slave.database, local)).toHaveLength(1);
  await restore(master.database, { deletion, dossiers: null, into: null });
  expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 1, photos_fetched: 0 });
  expect(await contentOf(slave.database, local)).toEqual(before);
  expect(await contentOf(master.database, remote)).toEqual(before);
});

it('an emptied list that is restored before the slave looks changes nothing there; afterwards it comes back without a question', async () => {
  const { remote, local } = await linked('All', ['Anna', 'Boris', 'Carla']);
  const before = await contentOf(slave.database, local);
  const empty = async () => (await purgeWatchList(master.database, remote, { binnedBy })).deletion;
  await restore(master.database, { deletion: await empty(), dossiers: null, into: null });
  expect(['synced', 'unchanged']).toContain((await slave.sync(local)).state);
  expect(await contentOf(slave.database, local)).toEqual(before);

  const deletion = await empty();
  // A guard asks before a list is emptied.
  expect(await slave.sync(local)).toMatchObject({ state: 'held' });
  await restore(master.database, { deletion, dossiers: null, into: null });
  expect(['synced', 'unchanged']).toContain((await slave.sync(local)).state);
  expect(await contentOf(slave.database, local)).toEqual(before);
});

it('what is restored beside others arrives as changes', async () => {
  const { remote, local } = await linked('Beside', ['Anna', 'Boris', 'Carla']);
  const { deletion } = await purgeWatchList(master.database, remote, { binnedBy });
  await master.makeDossiers([remote], ['Dora']);
  await restore(master.database, { deletion, dossiers: null, into: null });
  await settleDigest(master.database, remote);
  expect(await slave.sync(local)).toMatchObject({ state: 'synced' });
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  expect(await contentOf(slave.database, local)).toHaveLength(4);
});

it('on a slave nothing is restored', async () => {
  const own = await slave.makeList('Own');
  await expect(restore(slave.database, { deletion: 1, dossiers: null, into: own })).rejects.toMatchObject({ code: 'READ_ONLY' });
});
