import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { query } from '@dossier/postgres/database.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import { finishUnlink, startUnlink } from '@dossier/replication/links.ts';
import { describe, expect, it } from 'vitest';
import { addPhotoByHand, removePhotosByHand } from '../kit/by-hand.ts';
import { createEnginePair } from '../kit/engine-pair.ts';

const { master, slave } = await createEnginePair();

/** Gives a dossier of the master a photo, whose file is not there yet; returns its address. */
async function addPhoto(dossier: string | undefined, content: Buffer): Promise<string> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  await addPhotoByHand(master.database, [dossier ?? ''], { sha256, bytes: content.length });
  return sha256;
}

async function endLink(local: number, purge: boolean): Promise<void> {
  expect(await startUnlink(slave.database, local, purge)).toBe(true);
  expect(await finishUnlink(slave.database, local)).toBe(true);
}

describe('photos', () => {
  it('arrive before their dossiers; one that the master lost is noted and fetched later', async () => {
    const remote = await master.makeList('photos');
    const [dossier] = await master.makeDossiers([remote], ['With photos']);
    const bytes = [Buffer.from('first'), Buffer.from('second')];
    const [kept, lost] = await Promise.all(bytes.map((content) => addPhoto(dossier, content)));
    await master.photos.put(bytes[0] as Buffer);
    const local = await slave.makeList('photos');
    const first = await slave.link(master, remote, local);
    expect(first).toMatchObject({ state: 'synced', photos_fetched: 1, photos_total: 2 });
    expect(await slave.photos.has(kept ?? '')).toBe(true);
    await master.photos.put(bytes[1] as Buffer);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged', photos_fetched: 1 });
    expect(await slave.photos.has(lost ?? '')).toBe(true);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged', photos_total: null });
  });

  it.each(['first', 'later'])(
    'that nothing referred to for days, and which a %s sync shows again while they are removed, are there',
    async (which) => {
      const content = Buffer.from(`shown again by a ${which} sync`);
      const remote = await master.makeList('shown again');
      const local = await slave.makeList('shown again');
      if (which === 'later') await slave.link(master, remote, local);
      const [dossier] = await master.makeDossiers([remote], ['Comes back']);
      const sha256 = await addPhoto(dossier, content);
      for (const { photos } of [master, slave]) await photos.put(content);
      await query(slave.database, `update clock set age_moment = now()`);
      await query(slave.database, `insert into photo_garbage (sha256, since) values (decode(:sha256, 'hex'), now() - interval '8 days')`, {
        sha256,
      });
      const synced = Promise.withResolvers<void>();
      const remove = async (address: string): Promise<void> => {
        let isOver = false;
        const syncing = (which === 'first' ? slave.link(master, remote, local) : slave.sync(local)).finally(() => (isOver = true));
        synced.resolve(syncing.then(() => undefined));
        const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        await expect.poll(async () => isOver || (await query(slave.database, waiting)).length > 0).toBe(true);
        await slave.photos.remove(address);
      };
      await collectGarbage(slave.database, { days: 7, remove });
      await synced.promise;
      expect(await slave.photos.has(sha256)).toBe(true);
    },
  );

  it('are asked for again by the next link of a list, and by a list that shares the dossier, when the link that noted them has ended', async () => {
    const content = Buffer.from('lost until the lists are linked anew');
    const remotes = [await master.makeList('noted'), await master.makeList('shares what is noted')] as const;
    const [dossier] = await master.makeDossiers(remotes, ['Photographed, but the master lost it']);
    const sha256 = await addPhoto(dossier, content);
    const locals = [await slave.makeList('noted'), await slave.makeList('shares what is noted')] as const;
    for (const [index, local] of locals.entries())
      expect(await slave.link(master, remotes[index] ?? 0, local)).toMatchObject({ state: 'synced', photos_missing: [sha256] });
    await endLink(locals[0], false);
    expect(await slave.sync(locals[1])).toMatchObject({ state: 'unchanged', photos_missing: [sha256] });
    await endLink(locals[1], false);
    await master.photos.put(content);
    expect(await slave.link(master, remotes[0], locals[0])).toMatchObject({ state: 'synced', method: 'reconcile', photos_fetched: 1 });
    expect(await slave.photos.has(sha256)).toBe(true);
  });

  it('are not asked for any more once no dossier shows them, whatever link noted them', async () => {
    const content = Buffer.from('shown no more');
    const remote = await master.makeList('shown no more');
    const [dossier] = await master.makeDossiers([remote], ['Has a photo for a while']);
    const sha256 = await addPhoto(dossier, content);
    const local = await slave.makeList('shown no more');
    expect(await slave.link(master, remote, local)).toMatchObject({ photos_missing: [sha256] });
    await removePhotosByHand(master.database, [dossier ?? '']);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1 });
    await master.photos.put(content);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged', photos_total: null, photos_missing: [] });
    expect(await slave.photos.has(sha256)).toBe(false);
    const booked = await query(slave.database, `select from missing_photos where slave_list_id = :local`, { local });
    expect(booked).toHaveLength(0);
    await endLink(local, true);
  });

  it('are counted while they come slowly, not each and not only at the end', async () => {
    const remote = await master.makeList('many photos');
    const [dossier] = await master.makeDossiers([remote], ['Much photographed']);
    for (let i = 0; i < 24; i += 1) {
      const bytes = Buffer.alloc(130_000, `photo ${i} of many`);
      await master.photos.put(bytes);
      await addPhoto(dossier, bytes);
    }
    await query(slave.database, 'create table counted (photos integer)');
    await query(
      slave.database,
      `create function count_photos() returns trigger language plpgsql as 'begin insert into counted values (new.photos_fetched); return null; end'`,
    );
    await query(
      slave.database,
      'create trigger count_photos after update on runs for each row when (new.photos_fetched <> old.photos_fetched) execute function count_photos()',
    );
    const slow = createServer((request, response) => {
      setTimeout(() => master.feed(request, response), request.url?.includes('/photos') ? 300 : 0);
    });
    await once(slow.listen(0, '127.0.0.1'), 'listening');
    const feedUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    expect(await slave.link({ feedUrl }, remote, await slave.makeList('many photos'))).toMatchObject({
      state: 'synced',
      photos_fetched: 24,
    });
    slow.closeAllConnections();
    slow.close();
    const counted = await query<{ photos: number }>(slave.database, 'select photos from counted order by photos');
    expect(counted.at(-1)).toEqual({ photos: 24 });
    expect(counted.length).toBeGreaterThan(1);
    expect(counted.length).toBeLessThan(24);
  });

  it('are looked at in seven nights, and what is damaged or gone is fetched although the list has not changed', async () => {
    const remote = await master.makeList('seven nights');
    const [dossier] = await master.makeDossiers([remote], ['Looked at by night']);
    const contents = Array.from({ length: 40 }, (_, index) => Buffer.from(`looked at by night ${index}`));
    const addresses: string[] = [];
    for (const content of contents) {
      await master.photos.put(content);
      addresses.push(await addPhoto(dossier, content));
    }
    const local = await slave.makeList('seven nights');
    await slave.link(master, remote, local);
    for (const [index, sha256] of addresses.entries()) {
      if (index % 2 === 0) await slave.photos.remove(sha256);
      else await writeFile(slave.photos.path(sha256) ?? '', 'x'.repeat(contents[index]?.length ?? 0));
    }
    const damaged = async () =>
      query<{ fault: string }>(slave.database, `select fault from damaged_photos where sha256 = any(:addresses::bytea[])`, {
        addresses: `{${addresses.map((sha256) => `"\\\\x${sha256}"`).join(',')}}`,
      });
    const counts: number[] = [];
    for (let day = 0; day < 7; day += 1) {
      await slave.checkPhotos(new Date(Date.UTC(2026, 11, 1 + day, 3)));
      counts.push((await damaged()).length);
    }
    expect(counts[0]).toBeLessThan(20);
    expect(counts[6]).toBe(40);
    expect((await damaged()).filter(({ fault }) => fault === 'absent')).toHaveLength(20);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged', photos_fetched: 40, photos_missing: [] });
    expect(await damaged()).toHaveLength(0);
    expect(await slave.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
  });
});
