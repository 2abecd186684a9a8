import type { Knex } from 'knex';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';

/** A photo whose file isn't whole here, and why. */
export interface DamagedPhoto {
  sha256: string;
  fault: 'absent' | 'length' | 'content' | 'no-file' | 'unreadable';
}

/** Keeps in the audit that a photo was found damaged. */
export type RecordDamage = (tx: Knex.Transaction, photo: DamagedPhoto) => Promise<void>;

/** The photos of a row `d`; what somebody wrote by hand may be no array. */
const photosOfRow = `json_array_elements(case json_typeof(d.photos) when 'array' then d.photos else '[]' end)`;

/**
 * Books photos whose files aren't whole here, if rows show them: for people, and among the missing photos of every linked list that shows them, so that
 * the next run asks for them also when nothing else changed. Returns those that were not booked yet; each of them is recorded.
 */
export async function bookDamagedPhotos(
  database: Database,
  photos: readonly DamagedPhoto[],
  record: RecordDamage,
): Promise<DamagedPhoto[]> {
  return transaction(database, async (tx) => {
    const booked = await query<DamagedPhoto>(
      tx,
      `with asked as (select sha256, min(fault) as fault from unnest(:sha256s::text[], :faults::text[]) f (sha256, fault) group by 1),
       shown as materialized (
         select distinct on (p.list_id, a.sha256) p.list_id, a.sha256, a.fault, (photo ->> 'bytes')::int as bytes, d.uuid
         from list_positions p join dossiers d on d.set_id = p.set_id cross join lateral ${photosOfRow} photo
         join asked a on a.sha256 = photo ->> 'sha256'
       ),
       wanted as (
         insert into missing_photos (slave_list_id, sha256, bytes, dossier)
         select k.slave_list_id, decode(s.sha256, 'hex'), s.bytes, s.uuid from shown s join links k on k.slave_list_id = s.list_id
         on conflict do nothing
       )
       insert into damaged_photos (sha256, fault) select distinct decode(sha256, 'hex'), fault from shown order by 1 on conflict do nothing
       returning encode(sha256, 'hex') as sha256, fault`,
      { sha256s: photos.map(({ sha256 }) => sha256), faults: photos.map(({ fault }) => fault) },
    );
    for (const photo of booked) await record(tx, photo);
    return booked;
  });
}

/** Forgets damage of photos that are whole again. */
export async function settleDamagedPhotos(connection: Connection, sha256s: readonly string[]): Promise<void> {
  if (sha256s.length === 0) return;
  await query(connection, `delete from damaged_photos where sha256 in (select decode(x, 'hex') from unnest(:sha256s::text[]) x)`, {
    sha256s,
  });
}

/** The lists whose next run would fetch photos that were found damaged after their last run began. */
export async function listListsToMend(connection: Connection): Promise<number[]> {
  const rows = await query<{ list_id: number }>(
    connection,
    `select k.slave_list_id as list_id from links k where k.state = 'synced' and exists (
       select from damaged_photos d join missing_photos m on m.sha256 = d.sha256
       where m.slave_list_id = k.slave_list_id and d.since > k.last_attempt)
     order by 1`,
  );
  return rows.map((row) => row.list_id);
}

/** Addresses from one to below another, in hexadecimal digits, as many as tell them apart. */
export interface PhotoRange {
  from: string;
  below: string;
}

const rowsAtOnce = 2000;
const firstUuid = '00000000-0000-0000-0000-000000000000';

/** The photos of a range that dossiers of this node show, and those booked as damaged, list by list, some at a time; one that several rows show comes again. */
export async function* photosToCheck(connection: Connection, range: PhotoRange): AsyncGenerator<{ sha256: string; bytes: number }[]> {
  const lists = await query<{ set_id: number }>(connection, `select set_id from list_positions where dossier_count > 0 order by list_id`);
  for (const { set_id: setId } of lists) {
    let after: string | null = firstUuid;
    while (after !== null) {
      const page: { last: string | null; photos: { sha256: string; bytes: number }[] }[] = await query(
        connection,
        `with rows as (select uuid, photos from dossiers where set_id = ${setId} and uuid > :after::uuid order by uuid limit ${rowsAtOnce})
         select (select uuid from rows order by uuid desc limit 1) as last, (
           select coalesce(json_agg(distinct jsonb_build_object('sha256', photo ->> 'sha256', 'bytes', (photo ->> 'bytes')::int)), '[]')
           from rows d cross join lateral ${photosOfRow} photo
           where photo ->> 'sha256' ~ '^[0-9a-f]{64}$' and (photo ->> 'sha256' >= :from and photo ->> 'sha256' < :below
             or exists (select from damaged_photos x where x.sha256 = decode(photo ->> 'sha256', 'hex')))) as photos`,
        { after, ...range },
      );
      after = page[0]?.last ?? null;
      const photos = page[0]?.photos ?? [];
      if (photos.length > 0) yield photos;
    }
  }
}

/** How many photos that dossiers show aren't whole here. */
export const countDamaged = `(select count(*) from damaged_photos)`;
