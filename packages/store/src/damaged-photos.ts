import { recordAudit } from './audit.ts';
import { query, transaction } from './database.ts';
import type { Connection, Database } from './database.ts';

/** A photo whose file isn't whole here, and why. */
export interface DamagedPhoto {
  sha256: string;
  fault: 'absent' | 'length' | 'content' | 'no-file' | 'unreadable';
}

/**
 * Books photos whose files aren't whole here, if rows show them: for people, and among the missing photos of every linked list that shows them, so that
 * the next run asks for them also when nothing else changed. Returns those that were not booked yet; each of them is in the audit.
 */
export async function bookDamagedPhotos(database: Database, photos: readonly DamagedPhoto[]): Promise<DamagedPhoto[]> {
  return transaction(database, async (tx) => {
    const booked = await query<DamagedPhoto>(
      tx,
      `with found as (
         select decode(f.sha256, 'hex') as sha256, min(f.fault) as fault from unnest(:sha256s::text[], :faults::text[]) f (sha256, fault)
         where exists (select from photos p where p.sha256 = decode(f.sha256, 'hex')) group by 1
       ),
       wanted as (
         insert into missing_photos (slave_list_id, sha256, bytes)
         select k.slave_list_id, p.sha256, max(p.bytes) from found f join photos p on p.sha256 = f.sha256
         join memberships m on m.dossier = p.dossier join links k on k.slave_list_id = m.list_id
         group by k.slave_list_id, p.sha256 on conflict do nothing
       )
       insert into damaged_photos (sha256, fault) select sha256, fault from found order by sha256 on conflict do nothing
       returning encode(sha256, 'hex') as sha256, fault`,
      { sha256s: photos.map(({ sha256 }) => sha256), faults: photos.map(({ fault }) => fault) },
    );
    for (const { sha256, fault } of booked) {
      const record = { action: 'photo-damaged', object: { kind: 'photo' }, details: { sha256, fault } } as const;
      await recordAudit(tx, { actor: 'node', via: 'node', address: null }, record);
    }
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

/** The photos of a range that dossiers of this node show, and those booked as damaged; by address, above `after`. */
export async function listPhotosToCheck(
  connection: Connection,
  range: PhotoRange,
  page: { after: string; limit: number },
): Promise<{ sha256: string; bytes: number }[]> {
  return query(
    connection,
    // From one address to the next by the index, so that a page costs what is on it.
    `with recursive addresses as (
       (select sha256 from photos
        where sha256 >= decode(:from, 'hex') and sha256 > decode(:after, 'hex') and sha256 < decode(:below, 'hex') order by sha256 limit 1)
       union all
       select (select p.sha256 from photos p where p.sha256 > a.sha256 and p.sha256 < decode(:below, 'hex') order by p.sha256 limit 1)
       from addresses a where a.sha256 is not null
     ),
     ranged as (select sha256 from addresses where sha256 is not null limit :limit)
     select encode(c.sha256, 'hex') as sha256, (select max(p.bytes) from photos p where p.sha256 = c.sha256) as bytes from (
       select sha256 from ranged
       union select d.sha256 from damaged_photos d
       where d.sha256 > decode(:after, 'hex') and exists (select from photos p where p.sha256 = d.sha256)
     ) c order by c.sha256 limit :limit`,
    { ...range, ...page },
  );
}

/** How many photos that dossiers show aren't whole here. */
export const countDamaged = `(select count(*) from damaged_photos d where exists (select from photos p where p.sha256 = d.sha256))`;
