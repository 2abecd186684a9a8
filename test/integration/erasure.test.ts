import { createHash } from 'node:crypto';
import { eraseHistory } from '@dossier/accounts/history.ts';
import { query } from '@dossier/postgres/database.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import { findLink } from '@dossier/replication/links.ts';
import { pruneJournals, pruneSettled } from '@dossier/replication/retention.ts';
import { pruneRuns, sweepSets } from '@dossier/replication/upkeep.ts';
import { describe, expect, it } from 'vitest';
import { addPhotoByHand } from '../kit/by-hand.ts';
import { createEnginePair } from '../kit/engine-pair.ts';
import type { EngineNode } from '../kit/engine.ts';

const { master, slave } = await createEnginePair();

const name = 'Somebody Whoistobeforgotten';

async function putPhoto(node: EngineNode, content: string): Promise<{ sha256: string; bytes: number }> {
  const bytes = Buffer.from(content);
  await node.photos.put(bytes);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

/** The tables of a node in which the name stands, in any column. */
async function tablesWith(node: EngineNode, text: string): Promise<string[]> {
  const tables = await query<{ name: string }>(
    node.database,
    `select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1`,
  );
  const found = [];
  for (const table of tables) {
    const rows = await query(node.database, `select from ${table.name} x where x::text like :pattern limit 1`, { pattern: `%${text}%` });
    if (rows.length > 0) found.push(table.name);
  }
  return found;
}

/** Lets days pass for everything that a node has noted. */
async function letPass(node: EngineNode, days: number): Promise<void> {
  for (const [table, column] of [
    ['journals', 'applied_date'],
    ['holds', 'held_date'],
    ['offline_deletions', 'settled_date'],
    ['sets', 'since'],
    ['photo_garbage', 'since'],
    ['history', 'date'],
  ])
    await query(node.database, `update ${table} set ${column} = ${column} - make_interval(days => :days)`, { days });
}

/** What the node does every night. */
async function tidyUp(node: EngineNode): Promise<void> {
  await query(node.database, `update clock set age_moment = now()`);
  await pruneRuns(node.database, 1000);
  await pruneJournals(node.database, 14);
  await pruneSettled(node.database, 90);
  await eraseHistory(node.database, 30);
  await sweepSets(node.database);
  await collectGarbage(node.database, { days: 7, remove: (sha256) => node.photos.remove(sha256) });
}

describe('a person who was removed on the master', () => {
  it.each(['auto', 'full'] as const)('is gone from the slave once the undo of the sync that removed them has lapsed (%s)', async (mode) => {
    const remote = await master.makeList(`erasure ${mode}`);
    const [uuid = ''] = await master.makeDossiers([remote], [name, 'Somebody else']);
    const photo = await putPhoto(master, `face of a person who is removed, ${mode}`);
    await addPhotoByHand(master.database, [uuid], photo);
    const local = await slave.makeList(`erasure ${mode}`);
    await slave.link(master, remote, local);
    expect(await tablesWith(slave, name)).toEqual(['dossiers']);

    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid });
    expect(await slave.sync(local, { mode })).toMatchObject({ state: 'synced' });
    await letPass(slave, 13);
    await tidyUp(slave);
    expect(await findLink(slave.database, local)).toMatchObject({ undo: expect.any(Object) as object });
    expect([await tablesWith(slave, name), await slave.photos.has(photo.sha256)]).toEqual([
      mode === 'full' ? ['dossiers', 'history'] : ['history', 'journal_rows'],
      true,
    ]);

    await letPass(slave, 2);
    await tidyUp(slave);
    await letPass(slave, 8);
    await tidyUp(slave);
    await letPass(slave, 8);
    await tidyUp(slave);
    expect([await tablesWith(slave, name), await slave.photos.has(photo.sha256)]).toEqual([[], false]);
    expect(await findLink(slave.database, local)).toMatchObject({ undo: null });
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
  });
});

describe('photos in the store that no dossier shows', () => {
  async function week(node: EngineNode): Promise<void> {
    for (let day = 1; day <= 7; day += 1) await node.checkPhotos(new Date(Date.UTC(2026, 11, day, 3)));
  }

  it('go within two weeks, also those of persons whom a restored database has forgotten', async () => {
    const list = await master.makeList('strays');
    const [uuid = ''] = await master.makeDossiers([list], ['Shown']);
    const shown = await putPhoto(master, 'a photo that is shown');
    await addPhotoByHand(master.database, [uuid], shown);
    const stray = await putPhoto(master, 'a photo of nobody');
    await week(master);
    await tidyUp(master);
    expect(await master.photos.has(stray.sha256)).toBe(true);
    await letPass(master, 8);
    await tidyUp(master);
    expect([await master.photos.has(shown.sha256), await master.photos.has(stray.sha256)]).toEqual([true, false]);
  });

  it('stay when they are most of the store: the database is another one than theirs', async () => {
    const many = Array.from({ length: 1500 }, (_, index) => `photo ${index} of another database`);
    const photos = await Promise.all(many.map((content) => putPhoto(slave, content)));
    await week(slave);
    await letPass(slave, 8);
    await tidyUp(slave);
    for (const { sha256 } of photos) expect(await slave.photos.has(sha256)).toBe(true);
  });
});
