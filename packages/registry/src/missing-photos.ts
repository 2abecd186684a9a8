import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';

/** Of a booking `m` in `missing_photos`: a dossier of its list shows the photo. */
export const shownInItsList = `exists (
  select from photos p join memberships s on s.dossier = p.dossier and s.list_id = m.slave_list_id where p.sha256 = m.sha256)`;

/**
 * Settles which missing photos stay booked when a list's link, or the list, ends: those that its dossiers still show. Its next link compares by content,
 * and a dossier that is equal brings no photo; only the booking makes it ask. Other lists with such a dossier take the booking over, for their masters
 * may have the photo.
 */
export async function leaveMissingPhotos(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `insert into missing_photos (slave_list_id, sha256, bytes, since)
     select distinct s.list_id, m.sha256, m.bytes, m.since from missing_photos m
     join photos p on p.sha256 = m.sha256 join memberships s on s.dossier = p.dossier
     where m.slave_list_id = :listId on conflict do nothing`,
    { listId },
  );
  await query(tx, `delete from missing_photos m where m.slave_list_id = :listId and not ${shownInItsList}`, { listId });
}
