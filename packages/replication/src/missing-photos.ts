import type { Knex } from 'knex';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import type { TakenRun } from './fence.ts';

/** A photo that a run needs, with a dossier that shows it: the master gives it as that dossier's. */
export interface WantedPhoto {
  sha256: string;
  bytes: number;
  dossier: string;
}

const wanted = `
  select sha256, bytes, dossier from wanted_photos where run_id = :runId
  union all
  select sha256, bytes, dossier from missing_photos m where slave_list_id = :listId
    and not exists (select from wanted_photos w where w.run_id = :runId and w.sha256 = m.sha256)`;

/** The photos that a run's rows show, or that an earlier run couldn't get; by address, above `after`. */
export async function listWantedPhotos(
  connection: Connection,
  { runId, listId }: TakenRun,
  page: { after: string; limit: number },
): Promise<WantedPhoto[]> {
  return query<WantedPhoto>(
    connection,
    `select encode(w.sha256, 'hex') as sha256, bytes, dossier from (${wanted}) w
     where w.sha256 > decode(:after, 'hex') order by w.sha256 limit :limit`,
    { runId, listId, ...page },
  );
}

/** How many different photos a run wants. */
export async function countWantedPhotos(connection: Connection, { runId, listId }: TakenRun): Promise<number> {
  const row = await queryOne<{ count: number }>(connection, `select count(*) as count from (${wanted}) w`, { runId, listId });
  return row?.count ?? 0;
}

/** So many missing photos a run names; a master that lost its folder of photos would fill the row. */
const namedPhotos = 100;

/**
 * Books which of the wanted photos the master couldn't deliver, so that later runs ask again, and forgets those that came. The run names those
 * that are missing. Nothing is written where nothing is missing and nothing was.
 */
export async function saveMissingPhotos(
  connection: Connection,
  { runId, listId }: Pick<TakenRun, 'runId' | 'listId'>,
  photos: { missing: readonly WantedPhoto[]; present: readonly string[] },
): Promise<void> {
  await query(
    connection,
    `with came as (
       delete from missing_photos where slave_list_id = :listId and sha256 in (select decode(x, 'hex') from unnest(:present::text[]) x)
     ),
     mended as (delete from damaged_photos where sha256 in (select decode(x, 'hex') from unnest(:present::text[]) x)),
     noted as (
       insert into missing_photos (slave_list_id, sha256, bytes, dossier)
       select :listId, decode(sha256, 'hex'), bytes, dossier from unnest(:missing::text[], :bytes::int[], :dossiers::uuid[]) as m (sha256, bytes, dossier)
       on conflict (slave_list_id, sha256) do update set dossier = excluded.dossier
     )
     update runs set photos_missing = to_jsonb(array(
       select x from (select jsonb_array_elements_text(photos_missing) union select unnest(:missing::text[])) named (x)
       where x <> all (:present::text[]) order by x limit :namedPhotos))
     where id = :runId and (photos_missing <> '[]' or cardinality(:missing::text[]) > 0)`,
    {
      runId,
      listId,
      present: photos.present,
      missing: photos.missing.map((photo) => photo.sha256),
      bytes: photos.missing.map((photo) => photo.bytes),
      dossiers: photos.missing.map((photo) => photo.dossier),
      namedPhotos,
    },
  );
}

/** A row `d` shows the photo of the booking `m`. An address stands in no other field of the array. */
const shows = `strpos(d.photos::text, encode(m.sha256, 'hex')) > 0`;

/** Forgets bookings of photos that no dossier of the list shows any more. One that another dossier shows than before is asked for as that one's. */
export async function forgetUnshownPhotos(tx: Knex.Transaction, listId: number): Promise<void> {
  const stale = await query<{ sha256: Buffer }>(
    tx,
    `select m.sha256 from missing_photos m join list_positions p on p.list_id = m.slave_list_id
     where m.slave_list_id = :listId and not exists (select from dossiers d where d.set_id = p.set_id and d.uuid = m.dossier and ${shows})`,
    { listId },
  );
  for (const { sha256 } of stale) {
    await query(
      tx,
      `with other as (
         select d.uuid from missing_photos m join list_positions p on p.list_id = m.slave_list_id join dossiers d on d.set_id = p.set_id
         where m.slave_list_id = :listId and m.sha256 = :sha256 and ${shows} limit 1
       ), moved as (
         update missing_photos set dossier = other.uuid from other where slave_list_id = :listId and sha256 = :sha256
       )
       delete from missing_photos where slave_list_id = :listId and sha256 = :sha256 and not exists (select from other)`,
      { listId, sha256 },
    );
  }
}
