import type { Difference } from '@dossier/protocol/sync.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { requireFence } from './staging.ts';
import { standing } from './reconciliation.ts';
import type { TakenRun } from './staging.ts';

/** Shorter lists are looked at faster than they are parted. */
const smallestParted = 10_000;

/**
 * Recomputes the hash of every dossier of a list from its columns and photos and books anew those whose stored hash was another one,
 * so that the list's digest tells the truth. Returns their uuids (empty: everything is as the triggers left it). A long list is looked at in two
 * halves at once, each by a connection of its own: a statement that orders and hashes photos keeps one core of the server busy.
 */
export async function rehashList(database: Database, taken: TakenRun): Promise<string[]> {
  const extent = await findExtent(database, taken.listId);
  const parts = extent.middle === null ? ['is not null'] : ['< :middle', '>= :middle'];
  const found = await Promise.all(parts.map((part) => findMishashed(database, { listId: taken.listId, ...extent, part })));
  const dossiers = found.flat();
  const drifted = await query<{ list_id: number }>(
    database,
    `select p.list_id from list_positions p, lateral (
       select count(*) as count, coalesce(bit_xor(hash_high), 0) as high, coalesce(bit_xor(hash_low), 0) as low
       from memberships m where m.list_id = p.list_id) s
     where p.list_id = :listId and (p.dossier_count, p.digest_high, p.digest_low) is distinct from (s.count, s.high, s.low)`,
    { listId: taken.listId },
  );
  if (dossiers.length === 0 && drifted.length === 0) return [];
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await query(tx, `select rebook_memberships(:listId, :dossiers::uuid[])`, { listId: taken.listId, dossiers });
  });
  return dossiers;
}

interface Extent {
  /** The dossier in the middle of a long list, by uuid; null for a short one. */
  middle: string | null;
  /** Whether most dossiers of the node are in the list, so that its photos are quicker read with the few others than picked out. */
  holdsMost: boolean;
}

async function findExtent(database: Database, listId: number): Promise<Extent> {
  const extent = await queryOne<Extent>(
    database,
    `select m.dossier as middle, c.reltuples > 0 and p.dossier_count > c.reltuples / 2 as "holdsMost"
     from list_positions p join pg_class c on c.oid = 'dossiers'::regclass left join lateral (
       select dossier from memberships where list_id = p.list_id order by dossier offset p.dossier_count / 2 limit 1
     ) m on p.dossier_count >= :smallestParted
     where p.list_id = :listId`,
    { listId, smallestParted },
  );
  return extent ?? { middle: null, holdsMost: false };
}

/**
 * The dossiers of one part of a list whose stored hash isn't that of their content. `part` is what a dossier of the part fulfils, in SQL.
 *
 * The text that is hashed is that of dossier_hash(), which takes a slower way from text to bytes, as a generated column may not depend on an encoding.
 * textsend() gives the bytes as they are stored, also where a failing disk has made them no characters.
 */
async function findMishashed(
  database: Database,
  { listId, middle, holdsMost, part }: Extent & { listId: number; part: string },
): Promise<string[]> {
  const ofList = holdsMost ? '' : `join memberships k on k.list_id = :listId and k.dossier ${part} and k.dossier = p.dossier`;
  const rows = await query<{ dossier: string }>(
    database,
    `select m.dossier from memberships m left join dossiers d on d.uuid = m.dossier and d.uuid ${part} left join (
       select p.dossier, sha256(textsend(
         string_agg(photo_line(p.sha256, p.width, p.height, p.bytes, p.media_type, p.features), '' order by p.sha256))) as photos_hash
       from photos p ${ofList} where p.dossier ${part} group by p.dossier
     ) s on s.dossier = m.dossier
     where m.list_id = :listId and m.dossier ${part} and substring(sha256(textsend(
         'dossier/1 ' || d.uuid::text || ' ' || d.active::text || ' ' || encode(coalesce(s.photos_hash, ''), 'hex') || ' '
         || octet_length(d.name)::text || ':' || d.name || octet_length(d.comment)::text || ':' || d.comment
         || coalesce(octet_length(d.external_id)::text || ':' || d.external_id, '-') || d.meta::text)) from 1 for 16)
       is distinct from int8send(m.hash_high) || int8send(m.hash_low)`,
    { listId, ...(middle !== null && { middle }) },
  );
  return rows.map((row) => row.dossier);
}

/** Up to `limit` dossiers in which the list differs from what the run found on the master (staged hashes) in the compared buckets. */
export async function listDifferences(
  connection: Connection,
  taken: TakenRun,
  compared: { buckets: readonly number[]; limit: number },
): Promise<Difference[]> {
  return query<Difference>(
    connection,
    `select case when m.dossier is null then 'missing' when h.dossier is null then 'unexpected' else 'changed' end as kind,
       coalesce(m.dossier, h.dossier) as dossier, d.id, d.name
     from (select * from ${standing} s where dossier_bucket(dossier) = any(:buckets::int[])) m
     full join (select dossier, hash from staged_hashes where run_id = :runId) h on h.dossier = m.dossier
     left join dossiers d on d.uuid = coalesce(m.dossier, h.dossier)
     where m.dossier is null or h.dossier is null or (m.hash_high, m.hash_low) is distinct from (hash_high(h.hash), hash_low(h.hash))
     order by 2 limit :limit`,
    { runId: taken.runId, listId: taken.listId, buckets: compared.buckets, limit: compared.limit },
  );
}

/** The given dossiers as differences of the kind `changed`. */
export async function nameDossiers(connection: Connection, dossiers: readonly string[]): Promise<Difference[]> {
  return query<Difference>(
    connection,
    `select 'changed' as kind, u.dossier, d.id, d.name from unnest(:dossiers::uuid[]) as u (dossier) left join dossiers d on d.uuid = u.dossier`,
    { dossiers },
  );
}

/** The photos that dossiers of a list refer to, each with one of them; by address, above `after`. */
export async function listHeldPhotos(
  connection: Connection,
  listId: number,
  page: { after: string; limit: number },
): Promise<{ sha256: string; bytes: number; dossier: string; id: number; name: string }[]> {
  return query(
    connection,
    // From one address to the next by the index, so that a page costs what is on it and not the whole list.
    `with recursive addresses as (
       (select sha256 from photos where sha256 > decode(:after, 'hex') order by sha256 limit 1)
       union all
       select (select p.sha256 from photos p where p.sha256 > a.sha256 order by p.sha256 limit 1) from addresses a where a.sha256 is not null
     )
     select encode(a.sha256, 'hex') as sha256, held.* from addresses a cross join lateral (
       select p.bytes, d.uuid as dossier, d.id, d.name
       from photos p join memberships m on m.dossier = p.dossier and m.list_id = :listId join dossiers d on d.uuid = p.dossier
       where p.sha256 = a.sha256 limit 1
     ) held limit :limit`,
    { listId, ...page },
  );
}
