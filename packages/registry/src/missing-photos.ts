import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';

/** A row `d` shows the photo of the booking `m`. An address stands in no other field of the array. */
const shows = `d.uuid = m.dossier and strpos(d.photos::text, encode(m.sha256, 'hex')) > 0`;

/**
 * Settles which missing photos stay booked when a list's link, or the list, ends: those that its dossiers still show. Its next link compares by content,
 * and a dossier that is equal brings no photo; only the booking makes it ask. Other lists that hold such a dossier take the booking over, for their
 * masters may have the photo.
 */
export async function leaveMissingPhotos(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `insert into missing_photos (slave_list_id, sha256, bytes, dossier, since)
     select p.list_id, m.sha256, m.bytes, m.dossier, m.since from missing_photos m join list_positions p on p.list_id <> m.slave_list_id
     cross join lateral (select from dossiers d where d.set_id = p.set_id and ${shows} limit 1) d
     where m.slave_list_id = :listId on conflict do nothing`,
    { listId },
  );
  await query(
    tx,
    `delete from missing_photos m where m.slave_list_id = :listId and not exists (
       select from list_positions p join dossiers d on d.set_id = p.set_id where p.list_id = :listId and ${shows})`,
    { listId },
  );
}
