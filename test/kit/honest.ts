import { expect } from 'vitest';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { settleDigest } from '@dossier/registry/positions.ts';

/** Expects that a list's count, head, hashes, ids, tombstones and digest are what its rows say. */
export async function expectHonest(database: Database, listId: number): Promise<void> {
  const stored = await settleDigest(database, listId);
  const [faults] = await query<Record<string, number>>(
    database,
    `select p.dossier_count - (select count(*) from dossiers d where d.set_id = p.set_id) as miscounted,
       (select count(*) from dossiers d where d.set_id = p.set_id and d.hash <>
          dossier_hash(active, external_id, name, comment, valid_from, valid_until, meta, photos, features)) as wrong_hashes,
       (select count(*) from dossiers d where d.set_id = p.set_id and d.revision > p.revision) as above_head,
       (select count(*) from dossiers d join tombstones t using (set_id, uuid) where d.set_id = p.set_id) as buried_alive,
       (select count(*) from dossiers d join list_positions q on q.list_id <> p.list_id join dossiers e on e.set_id = q.set_id
          where d.set_id = p.set_id and (d.id = e.id) <> (d.uuid = e.uuid) and (d.id = e.id or d.uuid = e.uuid)) as split_ids
     from list_positions p where p.list_id = :listId`,
    { listId },
  );
  expect(faults).toEqual({ miscounted: 0, wrong_hashes: 0, above_head: 0, buried_alive: 0, split_ids: 0 });
  // The same tree, made from nothing.
  const rebuilt = await database.transaction(async (tx) => {
    const row = await queryOne<{ digest: string }>(
      tx,
      `with p as (select set_id from list_positions where list_id = :listId), built as (select build_tree(set_id) from p)
       select encode(set_digest(set_id), 'hex') as digest from p where (select count(*) from built) = 1`,
      { listId },
    );
    return row?.digest;
  });
  expect(stored).toBe(rebuilt);
}
