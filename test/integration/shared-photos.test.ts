import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { addPhotoByHand } from '../kit/by-hand.ts';
import { contentOf } from '../kit/engine.ts';
import { createEnginePair } from '../kit/engine-pair.ts';

/* One picture that many dossiers show, such as the one that stands for a missing photo. */

const { master, slave } = await createEnginePair();

it('is no reason for the pages of a first sync to wait for each other', async () => {
  const remote = await master.makeList('Wanted');
  // The last of several pages is much shorter than the one before.
  const uuids = await master.makeDossiers(
    [remote],
    Array.from({ length: 10_003 }, (_, index) => `Person ${index}`),
  );
  const bytes = Buffer.from('no photo available');
  const sha256 = await master.photos.put(bytes);
  await addPhotoByHand(master.database, uuids, { sha256, bytes: bytes.length });
  const local = await slave.makeList('Wanted');
  const run = await slave.link(master, remote, local);
  expect(run).toMatchObject({ state: 'synced', added: uuids.length, attempt: 1, photos_fetched: 1, photos_missing: [] });
  expect(run.pages).toBeGreaterThan(2);
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));

  // Its file is looked at once, and told for all who show it.
  await writeFile(slave.photos.path(sha256) ?? '', 'something else');
  const verified = await slave.sync(local, { mode: 'verify' });
  expect((verified.differences ?? []).map(({ kind }) => kind)).toEqual(Array.from({ length: 100 }, () => 'photo-damaged'));
  expect(verified.error?.desc).toContain('Photos whose files are missing here: 0; wrong: 1.');
});
