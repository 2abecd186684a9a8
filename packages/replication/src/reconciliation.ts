import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import type { Bucket } from '@dossier/feed/feed.ts';
import { copyRows, refuseUnfit, requireFence } from './staging.ts';
import type { TakenRun } from './staging.ts';

/**
 * What the slave stands for in comparisons with its master: its rows, with what it knowingly set aside in the place of older versions. No view,
 * as tables of which there is one can't be replaced by a load.
 */
export const standing = `(
  select dossier, hash_high, hash_low from memberships m where list_id = :listId
    and not exists (select from set_aside a where a.list_id = :listId and a.dossier = m.dossier)
  union all select dossier, hash_high, hash_low from set_aside where list_id = :listId
)`;

/** Whether the list's rows still are what its last verified sync left; false before the first one. Constant time. */
export async function holdsPosition(connection: Connection, slaveListId: number): Promise<boolean> {
  const row = await queryOne<{ holds: boolean }>(
    connection,
    `select holds_position(k) as holds from links k where slave_list_id = :slaveListId`,
    {
      slaveListId,
    },
  );
  return row?.holds ?? false;
}

/** The buckets of the replica, as `readBuckets` gives them for the master. */
export async function readStandingBuckets(connection: Connection, listId: number): Promise<Bucket[]> {
  const rows = await query<{ bucket: number; count: number; digest: string }>(
    connection,
    `select dossier_bucket(dossier) as bucket, sum(number) as count, hash_text(bit_xor(hash_high), bit_xor(hash_low)) as digest from (
       select dossier, hash_high, hash_low, 1 as number from memberships where list_id = :listId
       union all select dossier, hash_high # kept_high, hash_low # kept_low, (not kept)::int from set_aside where list_id = :listId
     ) s group by 1 order by 1`,
    { listId },
  );
  return rows.map((row) => [row.bucket, row.count, row.digest]);
}

/** Stages what the master holds in some buckets (dossier, hash). */
export async function stageHashes(database: Database, taken: TakenRun, hashes: readonly [string, string][]): Promise<void> {
  const staging = transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await copyRows(
      tx,
      'staged_hashes (run_id, dossier, hash)',
      hashes.map(([dossier, hash]) => [taken.runId, dossier, `\\x${hash}`]),
    );
  });
  await refuseUnfit(staging);
}

/** Stages a tombstone for each dossier that the list holds in the compared buckets and the master doesn't. Returns how many. */
export async function stageExtras(database: Database, taken: TakenRun, buckets: readonly number[]): Promise<number> {
  return transaction(database, async (tx) => {
    await requireFence(tx, taken);
    const rows = await query(
      tx,
      `insert into staged_dossiers (run_id, dossier, removed, revision)
       select :runId, s.dossier, true, 0 from ${standing} s
       where dossier_bucket(s.dossier) = any(:buckets::int[])
         and not exists (select from staged_hashes h where h.run_id = :runId and h.dossier = s.dossier)
       returning dossier`,
      { runId: taken.runId, listId: taken.listId, buckets },
    );
    return rows.length;
  });
}

/** Dossiers that the master holds with another content or that the list lacks, by uuid above `after`. */
export async function listDiffering(connection: Connection, taken: TakenRun, page: { after: string; limit: number }): Promise<string[]> {
  const rows = await query<{ dossier: string }>(
    connection,
    `select h.dossier from staged_hashes h
     left join set_aside a on a.list_id = :listId and a.dossier = h.dossier
     left join memberships m on m.list_id = :listId and m.dossier = h.dossier
     where h.run_id = :runId and h.dossier > :after::uuid
       and (coalesce(a.hash_high, m.hash_high), coalesce(a.hash_low, m.hash_low)) is distinct from (hash_high(h.hash), hash_low(h.hash))
     order by h.dossier limit :limit`,
    { runId: taken.runId, listId: taken.listId, ...page },
  );
  return rows.map((row) => row.dossier);
}

/** How many dossiers a list holds in these buckets besides the given ones. */
export async function countOthers(
  connection: Connection,
  listId: number,
  held: { buckets: readonly number[]; dossiers: readonly string[] },
): Promise<number> {
  const row = await queryOne<{ count: number }>(
    connection,
    `select count(*) as count from memberships m
     where m.list_id = :listId and dossier_bucket(m.dossier) = any(:buckets::int[])
       and not exists (select from unnest(:dossiers::uuid[]) as d where d = m.dossier)`,
    { listId, ...held },
  );
  return row?.count ?? 0;
}
