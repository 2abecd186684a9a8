import { createHash } from 'node:crypto';
import { query } from '@dossier/postgres/database.ts';
import { requestUndo } from '@dossier/replication/undo.ts';
import { describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { createEnginePair } from '../kit/engine-pair.ts';

/* Differences that are so large that they come as rows, which are staged as they came. */

const many = 400;

const { master, slave } = await createEnginePair();

interface Replica {
  remote: number;
  local: number;
}

async function replicate(name: string): Promise<Replica> {
  const remote = await master.makeList(name);
  await query(
    master.database,
    `with made as (
       insert into dossiers (name, comment, meta, external_id)
       select :name || E' "quoted" \\\\ \\t Ž' || n, E'\\\\.\\n\\\\N' || n, jsonb_build_object('n', 10000000000000000999), :name || n
       from generate_series(1, :many::int) n returning uuid)
     insert into memberships (list_id, dossier) select :remote, uuid from made`,
    { name, many, remote },
  );
  await givePhotos(remote, ['first', 'second'], 3);
  const local = await slave.makeList(name);
  expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', added: many });
  await leaveUnguarded(slave, local);
  return { remote, local };
}

function leaveUnguarded(node: EngineNode, local: number): Promise<unknown> {
  return query(
    node.database,
    `update links set guards = '{"changes": null, "growth": null, "deletions": null}' where slave_list_id = :local`,
    {
      local,
    },
  );
}

/** Gives every n-th dossier of a list these photos. */
async function givePhotos(remote: number, photos: readonly string[], every: number): Promise<void> {
  for (const photo of photos) {
    const sha256 = createHash('sha256').update(photo).digest('hex');
    await master.photos.put(Buffer.from(photo));
    await query(
      master.database,
      `insert into photos (dossier, sha256, width, height, bytes, media_type, features)
       select dossier, decode(:sha256, 'hex'), 10, 20, :bytes, 'image/jpeg', E'fea\\\\ture š' from memberships
       where list_id = :remote and revision % :every = 0 on conflict do nothing`,
      { remote, sha256, bytes: Buffer.byteLength(photo), every },
    );
  }
}

/** Which photo of the slave has which number. */
function photoNumbers(local: number): Promise<{ id: number; sha256: string }[]> {
  return query(
    slave.database,
    `select p.id, p.dossier, encode(p.sha256, 'hex') as sha256 from photos p join memberships m on m.dossier = p.dossier
     where m.list_id = :local order by p.id`,
    { local },
  );
}

async function expectEqual({ remote, local }: Replica): Promise<void> {
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
}

/** How many pages were asked for as rows meanwhile. */
async function countRowsRequests(work: () => Promise<unknown>): Promise<number> {
  const before = master.rowsRequests();
  await work();
  return master.rowsRequests() - before;
}

describe('a large difference', () => {
  it('is followed as rows, whatever changed, and leaves equal photos where they are', async () => {
    const replica = await replicate('mixed');
    const before = await photoNumbers(replica.local);
    expect(before.length).toBeGreaterThan(100);
    await query(master.database, `update dossiers set comment = 'Changed', active = false where external_id like 'mixed%5'`);
    await query(master.database, `update dossiers set name = 'Again' where external_id like 'mixed1%'`);
    await query(master.database, `delete from dossiers where external_id in ('mixed2', 'mixed3', 'mixed4')`);
    await master.makeDossiers([replica.remote], ['Came', 'Came, too']);
    const asked = await countRowsRequests(async () =>
      expect(await slave.sync(replica.local)).toMatchObject({ state: 'synced', method: 'delta', added: 2, removed: 3 }),
    );
    expect(asked).toBe(1);
    await expectEqual(replica);
    const after = await photoNumbers(replica.local);
    expect(before).toEqual(expect.arrayContaining(after));
    expect(after.length).toBeGreaterThan(100);
  });

  it('gives, loses and alters photos, and can be taken back', async () => {
    const replica = await replicate('faces');
    const before = await contentOf(slave.database, replica.local);
    await query(master.database, `update dossiers set comment = 'Changed' where external_id like 'faces%'`);
    await query(
      master.database,
      `update photos set width = 11 where dossier in (select uuid from dossiers where external_id like 'faces1%')`,
    );
    await query(master.database, `delete from photos where dossier in (select uuid from dossiers where external_id like 'faces2%')`);
    await givePhotos(replica.remote, ['third'], 4);
    const asked = await countRowsRequests(async () =>
      expect(await slave.sync(replica.local)).toMatchObject({ state: 'synced', method: 'delta', changed: many }),
    );
    expect(asked).toBe(1);
    await expectEqual(replica);
    const undo = await requestUndo(slave.database, { slaveListId: replica.local, by: 'the test' });
    expect(undo).toMatchObject({ outcome: 'run' });
    expect(await slave.sync(replica.local)).toMatchObject({ state: 'undone', changed: many });
    expect(await contentOf(slave.database, replica.local)).toEqual(before);
  });

  it('sets aside by name what cannot be held', async () => {
    const replica = await replicate('taken');
    const other = await slave.makeList('of this node');
    await slave.makeDossiers([other], ['Owner']);
    await query(slave.database, `update dossiers set external_id = 'wanted' where name = 'Owner'`);
    await query(master.database, `update dossiers set comment = 'Changed' where external_id like 'taken%'`);
    await query(master.database, `update dossiers set external_id = 'wanted' where external_id = 'taken7'`);
    const run = await slave.sync(replica.local);
    expect(run).toMatchObject({ state: 'synced', method: 'delta', set_aside: [{ code: 'EXTERNAL_ID_TAKEN', external_id: 'wanted' }] });
  });

  it('is read from pages that were made for others, overridden by what came since', async () => {
    const replica = await replicate('shared');
    const second = await createEngineNode();
    const local = await second.makeList('shared');
    expect(await second.link(master, replica.remote, local)).toMatchObject({ state: 'synced' });
    await leaveUnguarded(second, local);
    await query(master.database, `update dossiers set comment = 'Changed' where external_id like 'shared%'`);
    // More than a page, so that the page stays good.
    await query(
      master.database,
      `with made as (insert into dossiers (name) select 'Filler ' || n from generate_series(1, 5000) n returning uuid)
       insert into memberships (list_id, dossier) select :remote, uuid from made`,
      { remote: replica.remote },
    );
    expect(await slave.sync(replica.local)).toMatchObject({ state: 'synced', method: 'delta', pages: 2 });
    await query(master.database, `update dossiers set comment = 'Changed again' where external_id like 'shared1%'`);
    await query(master.database, `delete from dossiers where external_id like 'shared2%'`);
    expect(await second.sync(local)).toMatchObject({ state: 'synced', method: 'delta' });
    expect(await contentOf(second.database, local)).toEqual(await contentOf(master.database, replica.remote));
    await second.close();
  });
});

describe('the first sync of a list beside others', () => {
  it('is staged as rows where the tables of the node cannot be replaced', async () => {
    await query(slave.database, `create view reporting as select name from dossiers`);
    const asked = await countRowsRequests(() => replicate('second'));
    expect(asked).toBe(1);
    await query(slave.database, `drop view reporting`);
  });
});
